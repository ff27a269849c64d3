package grade

import (
	"errors"
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

// noPenalty says that lateness costs nothing.
const noPenalty = "none"

// Change returns the rule with another due time, another cost such as "10% a day, at most 50%" or "none", and another grace; what is empty or nil stays. A due time that is a date alone
// lasts to the end of that day, and one without seconds to the end of its minute. It is an error, which names all that is wrong, when one of them is none, and when there is a cost or a grace without a due time.
func (r Rule) Change(due, late string, grace *time.Duration) (Rule, error) {
	err := errors.Join(r.setDue(due), r.setCost(late))
	if r.Due.IsZero() && due == "" && (late != "" && strings.TrimSpace(late) != noPenalty || grace != nil) {
		err = errors.Join(err, errors.New("--late says what lateness costs, and --due, when it begins: give both"))
	}
	if grace != nil {
		if r.Grace = *grace; r.Grace < 0 {
			err = errors.Join(err, fmt.Errorf("--grace=%s is below 0", r.Grace))
		}
	}
	return r, err
}

func (r *Rule) setDue(due string) (err error) {
	if due == "" {
		return nil
	}
	if r.Due, err = ParseTime(due); err != nil {
		return fmt.Errorf("--due: %w", err)
	}
	is := func(form string) bool { _, err := time.Parse(form, strings.TrimSpace(due)); return err == nil }
	switch day := r.Due.Local(); {
	case is(time.DateOnly):
		r.Due = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, -1, time.Local)
	case is("2006-01-02T15:04") || is("2006-01-02 15:04"): // as people read the times that the table shows
		r.Due = r.Due.Add(time.Minute - 1)
	}
	return nil
}

func (r *Rule) setCost(late string) error {
	if late == "" {
		return nil
	}
	if strings.TrimSpace(late) == noPenalty {
		r.Part = 0
		return nil
	}
	m := latePattern.FindStringSubmatch(strings.TrimSpace(late))
	if m == nil {
		return fmt.Errorf(`--late=%q is not a rule: write one as "10%% a day" or "5%% an hour, at most 50%%", or %s`, late, noPenalty)
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
	return nil
}

// inZone is a time with this machine's zone, in which it may have been given.
func inZone(at time.Time) string { return at.Local().Format("2006-01-02 15:04 MST") }

// String says the rule in a sentence, "" if nothing is late.
func (r Rule) String() string {
	if r.Due.IsZero() {
		return ""
	}
	if r.Each == 0 || r.Part == 0 {
		return fmt.Sprintf("due %s; lateness costs nothing", inZone(r.Due))
	}
	text := fmt.Sprintf("due %s; late: %g%% of the points for each begun %s", inZone(r.Due), 100*r.Part, map[time.Duration]string{24 * time.Hour: "day", time.Hour: "hour"}[r.Each])
	if r.Most < 1 {
		text += fmt.Sprintf(", at most %g%%", 100*r.Most)
	}
	if r.Grace > 0 {
		text += fmt.Sprintf(", after %s", r.Grace)
	}
	return text
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
