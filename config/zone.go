package config

import (
	"strings"
	"time"
	_ "time/tzdata" // zones work on machines and images without a zone database
)

// Zone is an IANA time zone such as Asia/Baku. The zero Zone is UTC.
type Zone struct{ location *time.Location }

// NewZone wraps a location.
func NewZone(location *time.Location) Zone { return Zone{location} }

// Location returns the zone for the standard library.
func (z Zone) Location() *time.Location {
	if z.location == nil {
		return time.UTC
	}
	return z.location
}

// IsZero reports whether no zone was given.
func (z Zone) IsZero() bool { return z.location == nil }

// String returns the zone's name.
func (z Zone) String() string { return z.Location().String() }

// MarshalText writes the zone's name.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// commonZones are offered when a name is nearly right, or is only a city.
var commonZones = []string{
	"Asia/Baku", "Europe/Istanbul", "Europe/Moscow", "Asia/Tbilisi", "Asia/Yerevan", "Asia/Almaty", "Asia/Tashkent", "Asia/Bishkek",
	"Asia/Ashgabat", "Asia/Dubai", "Asia/Tehran", "Asia/Nicosia", "Asia/Yekaterinburg", "Asia/Novosibirsk", "Asia/Vladivostok",
	"Europe/Samara", "Europe/Kaliningrad", "Europe/Kyiv", "Europe/Minsk", "Europe/London", "Europe/Berlin", "Europe/Paris",
	"Europe/Madrid", "Europe/Rome", "Europe/Amsterdam", "Europe/Vienna", "Europe/Warsaw", "Europe/Athens", "Europe/Dublin",
	"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Toronto", "America/Sao_Paulo",
	"Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "UTC",
}

// ParseZone reads the name of a zone.
func ParseZone(text string) (Zone, error) {
	const hint = "write a name such as Asia/Baku or Europe/Istanbul (en.wikipedia.org/wiki/List_of_tz_database_time_zones)"
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, "local") || text == "" {
		return Zone{}, invalid(text, hint, "is not a time zone: it would change with the machine")
	}
	location, err := time.LoadLocation(text)
	if err == nil && !abbreviation(text) {
		return Zone{location}, nil
	}
	names := append([]string{}, commonZones...)
	cities := make([]string, len(names))
	for i, name := range names {
		cities[i] = name[strings.LastIndex(name, "/")+1:]
	}
	if best := nearest(text, names); best != "" {
		return Zone{}, invalid(text, "did you mean "+best+"?", "is not a time zone")
	}
	city := text[strings.LastIndex(text, "/")+1:]
	if best := nearest(city, cities); best != "" && len(city) > 3 {
		for i, c := range cities {
			if c == best {
				return Zone{}, invalid(text, "did you mean "+names[i]+"?", "is not a time zone")
			}
		}
	}
	return Zone{}, invalid(text, hint, "is not a time zone")
}

// abbreviation refuses EST, MSK and the like: they never change their clocks,
// which is not what their name makes people expect.
func abbreviation(name string) bool {
	return len(name) <= 4 && !strings.Contains(name, "/") && name != "UTC" && name != "GMT"
}

// UnmarshalText reads the name of a zone.
func (z *Zone) UnmarshalText(text []byte) error {
	parsed, err := ParseZone(string(text))
	if err == nil {
		*z = parsed
	}
	return err
}

func (Zone) describe() string { return "a time zone" }
