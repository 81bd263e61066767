package simulator

import (
	"strconv"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// cast is who works in the contact centre: the same people, by seed and size, in
// the live world and in its history.
type cast struct {
	supervisors, agents []member
}

// member is a person of a team.
type member struct {
	coaching.Person
	team int // index into teams
}

// team is a group of agents and the campaigns they work for.
type team struct {
	name      string
	campaigns []int // indices into campaigns; the first is its main one
}

var teams = []team{
	{"Renewals North", []int{0, 2}},
	{"Renewals South", []int{0, 1}},
	{"Energy Sales", []int{1, 0}},
	{"Win-Back", []int{2, 7}},
	{"Travel Desk", []int{3, 7}},
	{"Billing Care", []int{4, 5}},
	{"Technical Support Days", []int{5, 4}},
	{"Technical Support Evenings", []int{5, 3}},
	{"Fundraising", []int{6, 2}},
	{"Cards and Payments", []int{7, 4}},
}

func newCast(seed uint64, supervisors, agents int) cast {
	luck := newChance(seed, "cast")
	order := luck.Perm(len(givenNames) * len(familyNames))
	named := 0
	hire := func(extension, team int) member {
		n := order[named%len(order)]
		given, family := givenNames[n%len(givenNames)], familyNames[n/len(givenNames)]
		if round := named / len(order); round > 0 {
			given += " " + string(rune('A'+(round-1)%26)) + "."
		}
		named++
		ext := strconv.Itoa(extension)
		return member{team: team, Person: coaching.Person{
			Extension: ext, Name: given + " " + family, Team: teams[team].name,
		}}
	}
	var c cast
	for i := range supervisors {
		c.supervisors = append(c.supervisors, hire(firstExtension(9000, supervisors, 999)+i, i%len(teams)))
	}
	for i := range agents {
		c.agents = append(c.agents, hire(firstExtension(2000, agents, 6999)+i, i%len(teams)))
	}
	return c
}

// firstExtension is the first number of a block: of four digits, or of more
// where so many people do not fit.
func firstExtension(block, people, room int) int {
	for ; people > room; room = room*10 + 9 {
		block *= 10
	}
	return block + 1
}
