package loyalty

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// Document is an order as other programs send it: over HTTP, in a file of JSON lines, or as a row of CSV.
type Document struct {
	ID       string         `json:"id"`
	Code     string         `json:"code,omitempty"`  // of the card
	Phone    string         `json:"phone,omitempty"` // international
	Total    Amount         `json:"total"`
	Currency string         `json:"currency,omitempty"` // the brand's when left out
	At       time.Time      `json:"at,omitzero"`        // now when left out
	Shop     string         `json:"shop,omitempty"`
	Returned bool           `json:"returned,omitempty"`
	Lines    []DocumentLine `json:"lines,omitempty"`
}

// DocumentLine is one position of a Document.
type DocumentLine struct {
	SKU      string `json:"sku,omitempty"`
	Name     string `json:"name,omitempty"`
	Category string `json:"category,omitempty"`
	Quantity int64  `json:"quantity,omitempty"`
	Total    Amount `json:"total"`
}

// Amount is money as a decimal number or text, such as 49.90 or "49.90".
type Amount string

// UnmarshalJSON takes a number or a text, so that no till has to care. Whether a text is a number, Minor says.
func (a *Amount) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*a = Amount(text)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(raw, &n); err != nil {
		return fmt.Errorf("%s is no amount: write a number such as 49.90", raw)
	}
	*a = Amount(n)
	return nil
}

// Minor is the amount in minor units of a currency.
func (a Amount) Minor(c config.Currency) (int64, error) {
	m, err := config.ParseMoney(string(a))
	if err != nil {
		return 0, fmt.Errorf("%q is no amount: write a number such as 49.90", string(a))
	}
	units, exact := m.Minor(c)
	if !exact {
		return 0, fmt.Errorf("%s has more decimals than %s", m, c)
	}
	return units, nil
}

// Order reads the document as an order of a source. brand is the currency where the document names none. Errors are
// ErrBadOrder.
func (d Document) Order(source string, brand config.Currency) (Order, error) {
	o := Order{
		Source: source, ID: strings.TrimSpace(d.ID), Code: d.Code, Phone: d.Phone, Shop: d.Shop,
		Currency: string(brand), At: d.At, Returned: d.Returned,
	}
	if d.Currency != "" {
		c, err := config.ParseCurrency(d.Currency)
		if err != nil {
			return o, fmt.Errorf("%w: currency: %q is no currency, write its code such as %s", ErrBadOrder, d.Currency, brand)
		}
		o.Currency = string(c)
	}
	var err error
	if o.Total, err = d.Total.Minor(config.Currency(o.Currency)); err != nil {
		return o, fmt.Errorf("%w: total: %w", ErrBadOrder, err)
	}
	if o.Total == 0 && !o.Returned {
		return o, fmt.Errorf("%w: total: it is 0 or missing, write what was paid", ErrBadOrder)
	}
	var sum int64
	for i, l := range d.Lines {
		total, err := l.Total.Minor(config.Currency(o.Currency))
		if err != nil {
			return o, fmt.Errorf("%w: lines: line %d: %w", ErrBadOrder, i+1, err)
		}
		if sum += total; total > o.Total || sum > o.Total {
			return o, fmt.Errorf("%w: lines: line 1 to %d come to more than the total %s, write what was paid for each", ErrBadOrder, i+1, d.Total)
		}
		o.Lines = append(o.Lines, Line{SKU: l.SKU, Name: l.Name, Category: l.Category, Quantity: l.Quantity, Total: total})
	}
	return o, nil
}
