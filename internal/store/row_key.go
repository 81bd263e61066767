package store

// keyRow is a secret that all processes share.
type keyRow struct {
	Name   string `gorm:"primaryKey"`
	Secret []byte
	MadeAt instant
}

// TableName tells GORM the table.
func (keyRow) TableName() string { return "keys" }
