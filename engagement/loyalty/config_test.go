package loyalty_test

import (
	"strings"
	"testing"
)

func TestConfigProblems(t *testing.T) {
	t.Parallel()
	const points = "points: {earn: {purchase: {per: {AZN: 1}, points: 1}}}\n"
	tests := map[string]struct {
		file string
		want string // in the message, or nothing
		hint string
	}{
		"fine":                          {file: file},
		"only tiers":                    {file: "tiers: {levels: {a: {from: 0, title: A}}}"},
		"a rule without kind":           {file: "points: {earn: {x: {points: 1}}}", want: "never earns anything", hint: "per: {AZN: 1}"},
		"two kinds":                     {file: "points: {earn: {x: {per: {AZN: 1}, on: join, points: 1}}}", want: "different rules"},
		"no points":                     {file: "points: {earn: {x: {per: {AZN: 1}}}}", want: "how many points", hint: "points: 1"},
		"an unknown event":              {file: "points: {earn: {x: {on: wedding, points: 1}}}", want: "wedding"},
		"two rules for a currency":      {file: "points: {earn: {x: {per: {AZN: 1}, points: 1}, y: {per: {AZN: 2}, points: 1}}}", want: "bring points by x already"},
		"two rules for an event":        {file: "points: {earn: {x: {on: join, points: 1}, y: {on: join, points: 2}}}", want: "by x already"},
		"nothing per point":             {file: "points: {earn: {x: {per: {AZN: 0}, points: 1}}}", want: "not an amount"},
		"a bad factor":                  {file: "points: {earn: {x: {per: {AZN: 1}, points: 1, categories: {beans: two}}}}", want: "not a factor", hint: "1.5"},
		"a category with a name":        {file: "points: {earn: {x: {per: {AZN: 1}, points: 1, categories: {beans: {times: 1.5, title: {en: Beans}}}}}}"},
		"a category without factor":     {file: "points: {earn: {x: {per: {AZN: 1}, points: 1, categories: {beans: {title: Beans}}}}}", want: "times"},
		"a multiplier without days":     {file: "points: {earn: {x: {multiply: 2}}}", want: "first and last day"},
		"a multiplier that ends before": {file: "points: {earn: {x: {multiply: 2, from: 2026-12-20, until: 2026-12-10}}}", want: "ends before it begins"},
		"overlapping multipliers": {
			file: "points: {earn: {x: {multiply: 2, from: 2026-12-20, until: 2026-12-27}, y: {multiply: 3, from: 2026-12-27, until: 2026-12-30}}}",
			want: "x and y both multiply",
		},
		"neighbouring multipliers": {
			file: "points: {earn: {p: {per: {AZN: 1}, points: 1}, x: {multiply: 2, from: 2026-12-20, until: 2026-12-26}, y: {multiply: 3, from: 2026-12-27, until: 2026-12-30}}}",
		},
		"a warning too early":       {file: "points: {expire_after: 30d, warn_before: [7d, 60d], earn: {x: {on: join, points: 1}}}", want: "before the points", hint: "shorter than"},
		"a warning of nothing":      {file: "points: {warn_before: 7d, earn: {x: {on: join, points: 1}}}", want: "nothing ever lapses"},
		"a hold too long":           {file: "points: {expire_after: 30d, hold: 40d, earn: {x: {on: join, points: 1}}}", want: "lapse before they can be spent"},
		"a plural form is missing":  {file: "points: {name: {ru: {one: балл, other: балла}}, earn: {x: {on: join, points: 1}}}", want: `no form "few"`, hint: "few"},
		"the brand's currency":      {file: "points: {earn: {x: {per: {USD: 1}, points: 1}}}", want: "own currency"},
		"tiers not from nought":     {file: "tiers: {levels: {a: {from: 10, title: A}}}", want: "nobody would have a tier"},
		"tiers out of order":        {file: "tiers: {levels: {a: {from: 0, title: A}, b: {from: 300, title: B}, c: {from: 200, title: C}}}", want: "c does not begin above"},
		"a reward without price":    {file: points + "rewards: {x: {title: X}}", want: "no price", hint: "points: 120"},
		"a reward without title":    {file: points + "rewards: {x: {points: 1}}", want: "title"},
		"an unknown kind":           {file: points + "rewards: {x: {title: X, points: 1, kind: giftcard}}", want: "giftcard", hint: "gift_card"},
		"a gift card without value": {file: points + "rewards: {x: {title: X, points: 1, kind: gift_card}}", want: "needs its amount"},
		"a coupon of both":          {file: points + "rewards: {x: {title: X, points: 1, kind: coupon, percent: 10, value: 5}}", want: "a part or an amount"},
		"an event without time":     {file: points + "rewards: {x: {title: X, points: 1, kind: event}}", want: "needs its time"},
		"a percentage of a product": {file: points + "rewards: {x: {title: X, points: 1, percent: 10}}", want: "no percentage", hint: "coupon"},
		"an unknown tier": {
			file: points + "tiers: {levels: {silver: {from: 0, title: S}}}\nrewards: {x: {title: X, points: 1, tier: sliver}}", want: `no tier "sliver"`, hint: "silver",
		},
		"rewards nobody can earn":   {file: "rewards: {x: {title: X, points: 10}}", want: "nobody can earn"},
		"a source without secret":   {file: "sources: {till: {facts: [orders]}}", want: "secret"},
		"a source of unknown facts": {file: "sources: {till: {secret: x, facts: [order]}}", want: "order", hint: "orders"},
		"a misspelt key":            {file: "points: {expire_afer: 1y}", want: "expire_afer", hint: "expire_after"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, r := sections(t, tt.file)
			problems := r.Problems()
			if tt.want == "" {
				if len(problems) > 0 {
					t.Errorf("a good file has the problem %q", problems[0].Message)
				}
				return
			}
			for _, p := range problems {
				if strings.Contains(p.Message, tt.want) && strings.Contains(p.Hint, tt.hint) && p.Line > 0 {
					return
				}
			}
			t.Errorf("the problems are %+v, want one with %q and the hint %q, at its place", problems, tt.want, tt.hint)
		})
	}
}
