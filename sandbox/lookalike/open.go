package lookalike

import (
	"errors"
	"path/filepath"
	"time"
)

// Open loads what an earlier look-alike of that platform left in the folder dir: replay takes each line of its log back
// into memory, and snapshot then says what is still of use, which is all that the new log begins with. An empty dir
// keeps nothing. now stamps the journal's calls.
func Open(dir, platform string, now func() time.Time, replay func(line []byte) error, snapshot func() []any) (*Log, *Journal, error) {
	logPath, callsPath := "", ""
	if dir != "" {
		logPath = filepath.Join(dir, platform+".jsonl")
		callsPath = filepath.Join(dir, platform+"-calls.jsonl")
	}
	log, err := OpenLog(logPath, replay)
	if err != nil {
		return nil, nil, err
	}
	if err := log.Rewrite(snapshot()); err != nil {
		return nil, nil, errors.Join(err, log.Close())
	}
	journal, err := OpenJournal(callsPath, now)
	if err != nil {
		return nil, nil, errors.Join(err, log.Close())
	}
	return log, journal, nil
}
