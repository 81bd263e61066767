package samplecentre

import (
	"embed"
	"io/fs"
)

//go:embed conf/*.conf
var conf embed.FS

// Files are the configuration's files by name, the caller's own to change. An error
// means that the program was built wrong.
func Files() (map[string]string, error) {
	files := map[string]string{}
	names, err := fs.Glob(conf, "conf/*.conf")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := conf.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files[name[len("conf/"):]] = string(text)
	}
	return files, nil
}
