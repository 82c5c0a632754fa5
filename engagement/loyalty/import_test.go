package loyalty_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/engagement/loyalty"
)

func TestImportOrders(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	who := s.member("ayla")
	card := s.account(who).Member.Card
	csv := "\ufeffID;At;Total;Code;Phone;Lines;Returned\n" +
		"1;2026-12-01 10:00;15;" + card + ";;beans:5;\n" +
		"2;2026-12-01 10:00;ten;" + card + ";;;\n" +
		"3;2026-12-01;20;;+994501234567;;\n" +
		"\n" +
		"4;2026-12-01;20;11111111;;;\n" +
		"5;yesterday;20;" + card + ";;;\n" +
		"6;2026-12-01;20;" + card + ";;;perhaps\n" +
		"1;;15;;;beans:5;yes\n" +
		"7;2026-12-01;20;" + card + ";;beans;\n" +
		"8;2026-12-01;20;;;;\n"
	var seen int
	for round := range 2 {
		seen = 0
		done, err := s.ImportOrders(t.Context(), strings.NewReader(csv), "shop", s.Clock.Now, func(int) { seen++ })
		if err != nil {
			t.Fatal(err)
		}
		var lines []int
		for _, b := range done.Bad {
			lines = append(lines, b.Line)
			if b.Why == "" {
				t.Errorf("line %d is bad for no reason", b.Line)
			}
		}
		if want := "[3 6 7 8 10 11]"; fmt.Sprint(lines) != want {
			t.Errorf("round %d: the bad lines are %v, want %s", round, done.Bad, want)
		}
		if round == 0 && (done.Fresh != 3 || done.Waiting != 1 || done.Points != 0) || round == 1 && done.Known != 2 {
			t.Errorf("round %d: %+v", round, done)
		}
	}
	if seen != 9 {
		t.Errorf("progress told of %d rows, want 9", seen)
	}
	if a := s.account(who); a.Pending != 0 || a.Earned != 10 {
		t.Errorf("the account is %+v, want what was bought returned", a)
	}
}

func TestImportJSONLines(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	who := s.member("ayla")
	card := s.account(who).Member.Card
	in := `{"id":"1","code":"` + card + `","total":"49.90","lines":[{"category":"beans","total":20}]}
{"id":"2","code":"` + card + `","total":true}
{"id":"3"

{"id":"4","code":"` + card + `","total":10,"currency":"manat"}
`
	done, err := s.ImportOrders(t.Context(), strings.NewReader(in), "shop", s.Clock.Now, nil)
	if err != nil || done.Fresh != 1 || done.Points != 69 || len(done.Bad) != 3 || done.Bad[2].Line != 5 {
		t.Errorf("ImportOrders() = %+v, %v; want one of 69 points and three bad", done, err)
	}
}

func TestImportRefusesWhatIsNoTable(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	for _, in := range []string{"id,totl\n1,2\n", "id,at\n1,2\n", "hello there\n"} {
		if _, err := s.ImportOrders(t.Context(), strings.NewReader(in), "shop", s.Clock.Now, nil); !errors.Is(err, loyalty.ErrBadOrder) {
			t.Errorf("%q: %v, want ErrBadOrder", in, err)
		}
	}
	if done, err := s.ImportOrders(t.Context(), strings.NewReader(""), "shop", s.Clock.Now, nil); err != nil || done.Fresh != 0 {
		t.Errorf("an empty file: %+v, %v", done, err)
	}
}
