package texts

import (
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/language"
)

// Vars are the values of a message's variables. A string is data and is shown as it
// is, never read as markup; a Rich keeps its styles. int, int64 and float64 are
// written with the language's separators and choose the form of counted nouns; Date,
// Day, Clock, Money, Percent and Signed are written as the language does.
type Vars map[string]any

// noBreak keeps a number and its unit on one line.
const noBreak = "\u00a0"

// minus is the mathematical sign: as wide as the plus, and no list mark.
const minus = "−"

// Date is a day of the calendar. Year 0 means that the year is not written.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day of t in t's own zone. The year is left out when nobody
// would mistake it: in the year of now, or less than six months from now.
func DateOf(t, now time.Time) Date {
	d := Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
	near := t.Sub(now) < 182*24*time.Hour && now.Sub(t) < 182*24*time.Hour
	if near || t.Year() == now.In(t.Location()).Year() {
		d.Year = 0
	}
	return d
}

// Day is a day of the week.
type Day time.Weekday

// Clock is a time of day, written with 24 hours in all languages.
type Clock struct{ Hour, Minute int }

// ClockOf returns the time of day of t in t's own zone.
func ClockOf(t time.Time) Clock { return Clock{Hour: t.Hour(), Minute: t.Minute()} }

// Money is an amount in the currency's minor units (qəpik, kuruş, cents). A round
// amount is written without decimals: 20 ₼, 12,50 ₼.
type Money struct {
	Minor    int64
	Currency string // ISO 4217
}

// Percent is a percentage: 15 is written 15%, %15, 15 % or 15%.
type Percent float64

// Signed is a number that shows its sign, as in a history line: +20, −5.
type Signed int64

var months = map[language.Code][12]string{
	language.Azerbaijani: {"yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avqust", "sentyabr", "oktyabr", "noyabr", "dekabr"},
	language.Turkish:     {"Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"},
	language.Russian:     {"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
	language.English:     {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

var weekdays = map[language.Code][7]string{
	language.Azerbaijani: {"bazar", "bazar ertəsi", "çərşənbə axşamı", "çərşənbə", "cümə axşamı", "cümə", "şənbə"},
	language.Turkish:     {"pazar", "pazartesi", "salı", "çarşamba", "perşembe", "cuma", "cumartesi"},
	language.Russian:     {"воскресенье", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота"},
	language.English:     {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
}

// symbols are the signs that az and ru readers know; tr differs for its own money.
var symbols = map[string]string{
	"AZN": "₼", "TRY": "₺", "RUB": "₽", "USD": "$", "EUR": "€", "GBP": "£", "KZT": "₸", "GEL": "₾", "UAH": "₴",
}

// Format writes one value as the language does. It accepts what Vars accepts.
func Format(lang language.Code, value any) (text string, ok bool) {
	if _, known := months[lang]; !known {
		lang = language.English
	}
	switch v := value.(type) {
	case string:
		return v, true
	case Rich:
		return v.Plain(), true
	case int:
		return group(lang, int64(v)), true
	case int64:
		return group(lang, v), true
	case Signed:
		if v > 0 {
			return "+" + group(lang, int64(v)), true
		}
		return group(lang, int64(v)), true
	case float64:
		return decimal(lang, v), true
	case Percent:
		return percent(lang, float64(v)), true
	case Date:
		return date(lang, v), true
	case Day:
		return weekdays[lang][((int(v)%7)+7)%7], true
	case Clock:
		return pad(v.Hour) + ":" + pad(v.Minute), true
	case Money:
		return money(lang, v), true
	}
	return "", false
}

func pad(n int) string {
	if n >= 0 && n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// group writes a whole number with the language's thousands separator.
func group(lang language.Code, n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = minus, rest
	}
	return sign + grouped(lang, digits)
}

func grouped(lang language.Code, digits string) string {
	separator := "."
	switch lang {
	case language.Russian:
		separator = noBreak
	case language.English:
		separator = ","
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// decimal writes at most two decimal places and none that say nothing.
func decimal(lang language.Code, n float64) string {
	digits := strconv.FormatFloat(n, 'f', decimalPlaces(n), 64)
	sign := ""
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = minus, rest
	}
	whole, fraction, has := strings.Cut(digits, ".")
	if strings.Trim(whole+fraction, "0") == "" {
		sign = ""
	}
	if !isDigits(whole) {
		return sign + whole // infinities and NaN, which are no amounts
	}
	out := sign + grouped(lang, whole)
	if has {
		out += decimalMark(lang) + fraction
	}
	return out
}

// decimalPlaces returns how many places decimal writes: 0, 1 or 2.
func decimalPlaces(n float64) int {
	_, fraction, _ := strings.Cut(strconv.FormatFloat(n, 'f', 2, 64), ".")
	return len(strings.TrimRight(fraction, "0"))
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func decimalMark(lang language.Code) string {
	if lang == language.English {
		return "."
	}
	return ","
}

func percent(lang language.Code, n float64) string {
	text := decimal(lang, n)
	switch lang {
	case language.Turkish:
		return "%" + text
	case language.Russian:
		return text + noBreak + "%"
	default:
		return text + "%"
	}
}

func date(lang language.Code, d Date) string {
	month := ""
	if d.Month >= time.January && d.Month <= time.December {
		month = months[lang][d.Month-1]
	}
	text := strconv.Itoa(d.Day) + " " + month
	if d.Year == 0 {
		return text
	}
	text += " " + strconv.Itoa(d.Year)
	if lang == language.Russian {
		text += " года"
	}
	return text
}

func money(lang language.Code, m Money) string {
	places := minorPlaces(m.Currency)
	scale := uint64(1)
	for range places {
		scale *= 10
	}
	sign, amount := "", uint64(m.Minor)
	if m.Minor < 0 {
		sign, amount = minus, -amount
	}
	text := sign + grouped(lang, strconv.FormatUint(amount/scale, 10))
	if amount%scale != 0 {
		fraction := strconv.FormatUint(amount%scale, 10)
		text += decimalMark(lang) + strings.Repeat("0", places-len(fraction)) + fraction
	}
	return text + noBreak + currencySign(lang, m.Currency)
}

// minorPlaces returns how many decimal places the currency has (ISO 4217).
func minorPlaces(currency string) int {
	switch currency {
	case "JPY", "KRW", "VND", "CLP", "ISK":
		return 0
	case "KWD", "BHD", "OMR", "JOD", "TND", "IQD":
		return 3
	}
	return 2
}

func currencySign(lang language.Code, currency string) string {
	if lang == language.English {
		return currency
	}
	if lang == language.Turkish && currency == "TRY" {
		return "TL"
	}
	if sign, ok := symbols[currency]; ok {
		return sign
	}
	return currency
}
