package access

import "slices"

// Permission is something that a caller may do.
type Permission string

// The permissions.
const (
	Read         Permission = "read"
	PhoneNumbers Permission = "phone_numbers" // to see customers' numbers and to look for one
	Disconnect   Permission = "disconnect"
	Force        Permission = "force" // to disconnect even where that could drop the customer
	Audit        Permission = "audit" // to read who did what
)

// Role is a set of permissions under a name.
type Role string

// The roles.
const (
	Viewer  Role = "viewer"
	Manager Role = "manager"
	Admin   Role = "admin"
)

// Roles are all roles, the one that may do least first.
var Roles = []Role{Viewer, Manager, Admin}

var permissions = map[Role][]Permission{
	Viewer:  {Read},
	Manager: {Read, PhoneNumbers, Disconnect},
	Admin:   {Read, PhoneNumbers, Disconnect, Force, Audit},
}

// Permissions are what a role allows. A role of a newer program allows nothing.
func (r Role) Permissions() []Permission { return slices.Clone(permissions[r]) }

func (r Role) allows(p Permission) bool { return slices.Contains(permissions[r], p) }
