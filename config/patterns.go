package config

// The patterns are for editors while somebody types; Decode decides. They must
// accept all that the parsers accept (a test holds them together).

const (
	clockPattern = `([01]?[0-9]|2[0-4]):[0-5][0-9]`
	monthPattern = `[A-Za-z]{3,9}\.?`
	datePattern  = `([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}\.? +` + monthPattern + `( +[0-9]{4})?|` + monthPattern + ` +[0-9]{1,2}\.?( +[0-9]{4})?)`
	wordsPattern = `[A-Za-z][A-Za-z.,+ –—-]*`
)

func (Duration) pattern() (string, []any) {
	return `0|([0-9]+(\.[0-9]+)? *[A-Za-z]+ *)+`, []any{"15m", "48h", "14d"}
}

func (Period) pattern() (string, []any) {
	return `0|([0-9]+ *[A-Za-z]+ *)+`, []any{"14d", "3 months", "1y"}
}

func (TimeOfDay) pattern() (string, []any) { return clockPattern, []any{"10:00"} }

func (TimeRange) pattern() (string, []any) {
	return ` *` + clockPattern + ` *[-–—] *` + clockPattern + ` *`, []any{"09:00-18:00"}
}

func (Weekdays) pattern() (string, []any) { return wordsPattern, []any{"every day", "mon-fri"} }

func (Date) pattern() (string, []any) { return datePattern, []any{"2027-03-20", "28 May"} }

func (DateRange) pattern() (string, []any) {
	return datePattern + `( *(\.\.|…) *` + datePattern + `)?`, []any{"2027-03-20..2027-03-24", "28 May"}
}

func (DateTime) pattern() (string, []any) {
	return datePattern + `([T ] *` + clockPattern + `(:00)?)?`, []any{"2026-12-18T10:00"}
}

func (Zone) pattern() (string, []any) { return `[A-Za-z0-9_+/-]+`, []any{"Asia/Baku"} }

func (Currency) pattern() (string, []any) { return `[A-Z]{3}`, []any{"AZN", "TRY"} }

func (CronSpec) pattern() (string, []any) {
	return `@[a-z]+|\S+( +\S+){4}`, []any{"0 10 * * FRI"}
}

func (Every) pattern() (string, []any) {
	return `[A-Za-z0-9][A-Za-z0-9., –—-]*( +` + clockPattern + `)?`, []any{"Friday 10:00", "day 09:00", "3 months"}
}
