// Package client calls Coach Manager from Go. It is generated from openapi.yaml,
// but for WithToken, and needs nothing else of this project.
//
//	c, err := client.NewClientWithResponses("https://coach.example/api/v1", client.WithToken(token))
//	answer, err := c.ListCoachingUsersWithResponse(ctx, nil)
//	if err == nil && answer.JSON200 != nil {
//		fmt.Println(len(answer.JSON200.Items), "supervisors at work")
//	}
//
// An answer keeps its status, headers and body; the field of its status is set and
// the others are nil. A problem is an answer, not an error: an error means that no
// answer came, or none that could be read. Nothing is repeated on its own.
package client
