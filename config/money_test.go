package config_test

import (
	"encoding/json"
	"testing"

	"github.com/rapport-chat/rapport/config"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, out string
		currency  config.Currency
		minor     int64
		exact     bool
	}{
		{"20", "20", "AZN", 2000, true},
		{"12.50", "12.50", "AZN", 1250, true},
		{"12.5", "12.50", "AZN", 1250, true},
		{"0.1", "0.10", "USD", 10, true},
		{"-3.25", "-3.25", "EUR", -325, true},
		{"-0.05", "-0.05", "EUR", -5, true},
		{"1.2345", "1.2345", "AZN", 123, false},
		{"500", "500", "JPY", 500, true},
		{"1.5", "1.50", "JPY", 1, false},
		{"1000000000000", "1000000000000", "AZN", 100000000000000, true},
	}
	for _, tt := range tests {
		m, err := config.ParseMoney(tt.text)
		if err != nil {
			t.Errorf("ParseMoney(%q): %v", tt.text, err)
			continue
		}
		minor, exact := m.Minor(tt.currency)
		if m.String() != tt.out || minor != tt.minor || exact != tt.exact {
			t.Errorf("%q = %s, %d minor units of %s, exact %v; want %s, %d, %v", tt.text, m, minor, tt.currency, exact, tt.out, tt.minor, tt.exact)
		}
		if text, err := json.Marshal(m); err != nil || string(text) != tt.out {
			t.Errorf("%q as JSON is %s, %v", tt.text, text, err)
		}
	}
	for text, message := range map[string]string{
		"12,50": "is not an amount", "1 000": "is not an amount", "12.": "is not an amount", ".5": "is not an amount", "5 AZN": "is not an amount",
		"": "is not an amount", "1e5": "is not an amount", "--5": "is not an amount", "1.23456": "has too many decimals", "9999999999999": "is too large an amount",
	} {
		_, err := config.ParseMoney(text)
		checkValueError(t, text, err, message, 0)
	}
}

func TestCurrency(t *testing.T) {
	t.Parallel()
	for text, digits := range map[string]int{"AZN": 2, "TRY": 2, "RUB": 2, "JPY": 0, "KWD": 3} {
		if c, err := config.ParseCurrency(text); err != nil || c.MinorDigits() != digits {
			t.Errorf("ParseCurrency(%q) = %s with %d digits, %v; want %d", text, c, c.MinorDigits(), err, digits)
		}
	}
	for text, message := range map[string]string{
		"manat": "is not a currency's code", "₺": "is not a currency's code", "XYZ": "is not a currency's code", "": "is not a currency's code",
		"azn": "is not a currency's code: codes are in capitals",
	} {
		_, err := config.ParseCurrency(text)
		checkValueError(t, text, err, message, 0)
	}
}

func TestZone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Asia/Baku", "Europe/Istanbul", "UTC", "Etc/GMT-4"} {
		if z, err := config.ParseZone(text); err != nil || z.Location().String() != text {
			t.Errorf("ParseZone(%q) = %s, %v", text, z, err)
		}
	}
	for text, message := range map[string]string{
		"Asia/Bakku": "is not a time zone", "Istanbul": "is not a time zone", "EST": "is not a time zone", "MSK": "is not a time zone",
		"+04:00": "is not a time zone", "../etc/passwd": "is not a time zone", "": "is not a time zone: it would change with the machine",
		"Local": "is not a time zone: it would change with the machine",
	} {
		_, err := config.ParseZone(text)
		checkValueError(t, text, err, message, 0)
	}
	var none config.Zone
	if !none.IsZero() || none.Location().String() != "UTC" {
		t.Errorf("the zero zone is %s", none)
	}
}
