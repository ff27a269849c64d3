package grade

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Rule is what lateness costs.
type Rule struct {
	Due   time.Time     `json:"due"`   // zero if nothing is late
	Grace time.Duration `json:"grace"` // this much later is not late
	Part  float64       `json:"part"`  // of all points, for each begun day or hour
	Each  time.Duration `json:"each"`
	Most  float64       `json:"most"` // of all points
}

var latePattern = regexp.MustCompile(`^(\d+(?:\.\d+)?)% (?:an?|per|each) (day|hour)(?:, at most (\d+(?:\.\d+)?)%)?$`)

// ParseRule reads a rule such as "10% a day, at most 50%". Without a due time nothing is late. It is an error when it is none, and when it has no due time.
func ParseRule(due, late string, grace time.Duration) (r Rule, err error) {
	if due == "" {
		if late != "" {
			return r, fmt.Errorf("--late says what lateness costs, and --due, when it begins: give both")
		}
		return r, nil
	}
	if r.Due, err = ParseTime(due); err != nil {
		return r, fmt.Errorf("--due: %w", err)
	}
	if r.Grace = grace; grace < 0 {
		return r, fmt.Errorf("--grace=%s is below 0", grace)
	}
	if late == "" {
		return r, nil
	}
	m := latePattern.FindStringSubmatch(strings.TrimSpace(late))
	if m == nil {
		return r, fmt.Errorf(`--late=%q is not a rule: write one as "10%% a day" or "5%% an hour, at most 50%%"`, late)
	}
	percent := func(s string, otherwise float64) float64 {
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			return math.Min(v, 100) / 100
		}
		return otherwise
	}
	r.Part, r.Most, r.Each = percent(m[1], 0), percent(m[3], 1), 24*time.Hour
	if m[2] == "hour" {
		r.Each = time.Hour
	}
	return r, nil
}

// Penalty is how many of the points that were earned a submission of that time loses.
func (r Rule) Penalty(handed time.Time, earned float64) float64 {
	if r.Due.IsZero() || handed.IsZero() || r.Each == 0 {
		return 0
	}
	late := handed.Sub(r.Due.Add(r.Grace))
	if late <= 0 {
		return 0
	}
	units := math.Ceil(float64(late) / float64(r.Each))
	return math.Round(100*earned*math.Min(r.Most, units*r.Part)) / 100
}
