package simulator

import (
	"fmt"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// campaign is what agents work for.
type campaign struct {
	coaching.Named
	lists    []coaching.Named
	outbound float64 // share of its calls that agents make
}

// campaigns are the same for every seed.
var campaigns = []campaign{
	newCampaign(1, "Broadband Renewals", 0.9, "Contracts ending in spring", "Contracts ending in summer", "Lapsed since January"),
	newCampaign(2, "Home Energy Switch", 0.8, "Web leads", "Partner leads", "Second attempt", "Door visits to confirm"),
	newCampaign(3, "Loyalty Win-Back", 1, "Left within 90 days", "Left within a year"),
	newCampaign(4, "Travel Insurance", 0.15, "Quotes not finished", "Renewal reminders"),
	newCampaign(5, "Billing Helpline", 0.1, "Promised callbacks", "Disputed invoices"),
	newCampaign(6, "Technical Helpdesk", 0.2, "Promised callbacks", "Engineer follow-up", "Router recall"),
	newCampaign(7, "Winter Appeal", 1, "Regular donors", "Donors of last winter", "Event sign-ups"),
	newCampaign(8, "Card Activation", 0.6, "New cards", "Replaced cards", "Declined at first use"),
}

func newCampaign(n int, name string, outbound float64, lists ...string) campaign {
	c := campaign{Named: coaching.Named{Key: fmt.Sprintf("C%02d", n), Name: name}, outbound: outbound}
	for i, l := range lists {
		c.lists = append(c.lists, coaching.Named{Key: fmt.Sprintf("L%02d%02d", n, i+1), Name: l})
	}
	return c
}

// resultCode is a result code, and how often it comes out of a conversation.
type resultCode struct {
	coaching.Named
	inbound, outbound int
}

var (
	conversationCodes = []resultCode{
		{coaching.Named{Key: "SALE", Name: "Sale made"}, 12, 18},
		{coaching.Named{Key: "CALLBACK", Name: "Callback agreed"}, 8, 20},
		{coaching.Named{Key: "NOTINT", Name: "Not interested"}, 2, 26},
		{coaching.Named{Key: "RESOLVED", Name: "Question resolved"}, 40, 6},
		{coaching.Named{Key: "ESCALATED", Name: "Escalated to second line"}, 14, 3},
		{coaching.Named{Key: "COMPLAINT", Name: "Complaint taken"}, 8, 2},
		{coaching.Named{Key: "PAYMENT", Name: "Payment taken"}, 12, 9},
		{coaching.Named{Key: "WRONGNO", Name: "Wrong number"}, 3, 6},
		{coaching.Named{Key: "DNC", Name: "Do not call again"}, 1, 10},
	}
	codeNoAnswer    = coaching.Named{Key: "NOANSWER", Name: "No answer"}
	codeBusy        = coaching.Named{Key: "BUSY", Name: "Busy"}
	codeMachine     = coaching.Named{Key: "MACHINE", Name: "Answering machine"}
	codeAbandoned   = coaching.Named{Key: "ABANDONED", Name: "Caller hung up while ringing"}
	codeTransferred = coaching.Named{Key: "XFER", Name: "Transferred"}
	codeDropped     = coaching.Named{Key: "DROPPED", Name: "Line dropped"}
)

// resultCodes lists every result code.
func resultCodes() []coaching.Named {
	all := []coaching.Named{codeNoAnswer, codeBusy, codeMachine, codeAbandoned, codeTransferred, codeDropped}
	for _, c := range conversationCodes {
		all = append(all, c.Named)
	}
	return all
}

// afterConversation picks the result code of a conversation.
func afterConversation(luck chance, d coaching.Direction) coaching.Named {
	weights := make([]int, len(conversationCodes))
	for i, c := range conversationCodes {
		if weights[i] = c.outbound; d == coaching.DirectionInbound {
			weights[i] = c.inbound
		}
	}
	return conversationCodes[luck.weighted(weights...)].Named
}

// fictional are telephone numbers kept free for drama: Ofcom's ranges for the
// United Kingdom and 555-0100 to 555-0199 of North American areas.
var fictional = []struct {
	format string
	count  int
}{
	{"+441632960%03d", 1000}, {"+44207946%04d", 1000}, {"+44113496%04d", 1000}, {"+44121496%04d", 1000},
	{"+44131496%04d", 1000}, {"+44141496%04d", 1000}, {"+44151496%04d", 1000}, {"+44161496%04d", 1000},
	{"+44191498%04d", 1000}, {"+442920180%03d", 1000}, {"+447700900%03d", 1000}, {"+447700900%03d", 1000},
	{"+121255501%02d", 100}, {"+131255501%02d", 100}, {"+141555501%02d", 100}, {"+161755501%02d", 100},
	{"+120655501%02d", 100}, {"+150355501%02d", 100}, {"+141655501%02d", 100}, {"+151455501%02d", 100},
}

func phoneNumber(luck chance) string {
	r := oneOf(luck, fictional)
	return fmt.Sprintf(r.format, luck.IntN(r.count))
}
