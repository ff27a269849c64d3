package train

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// prepare returns the program, compiled if it is the first of its structure, and the state at the start of the runs.
func (t *Trainer) prepare(cs []Config, lanes int) (*program, []setup, []*tensors.Tensor, error) {
	us, states := make([]setup, len(cs)), make([][]*tensors.Tensor, len(cs))
	for i, c := range cs {
		us[i] = setupOf(c, lanes)
		var err error
		if states[i], err = t.startValues(c.Seed, lanes == 0); err != nil {
			return nil, nil, nil, fmt.Errorf("drawing starting values: %w", err)
		}
	}
	err := each(len(cs), func(i int) (err error) {
		states[i], err = t.startOf(cs[i], us[i], states[i])
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	u, state := us[0], joined(states, lanes)
	p, err := t.programOf(u)
	return p, us, state, err
}

// programOf returns the program, compiled if it is the first of its structure. Runs at once take no lock where it is: one that
// waits for another's lock is woken late, after a twentieth of a short run.
func (t *Trainer) programOf(u setup) (*program, error) {
	if p, ok := t.programs.Load(u.key()); ok {
		return p.(*program), nil
	}
	defer t.lock()()
	if p, ok := t.programs.Load(u.key()); ok { // another has compiled it
		return p.(*program), nil
	}
	p, err := t.compile(u)
	if err != nil {
		return nil, err
	}
	t.programs.Store(u.key(), p)
	return p, nil
}

// startOf makes the state at the start of a run of the starting values of its seed.
func (t *Trainer) startOf(c Config, u setup, state []*tensors.Tensor) ([]*tensors.Tensor, error) {
	if u.reduces() {
		state = append(state, tensors.FromValue(u.plateau.Start()))
	}
	if c.From != nil {
		if err := t.resume(state, c.From, u.lanes == 0); err != nil {
			return nil, err
		}
	}
	set := func(i int, argument string, value any) (err error) {
		state[i], err = newValue(argument, value, t.vars[i].Shape())
		return err
	}
	for key, value := range c.Start {
		place, err := find(t.Parameters(), key)
		if err != nil {
			return nil, fmt.Errorf("Start: %w", err)
		}
		if other, twice := c.Start["/"+key]; twice {
			return nil, fmt.Errorf("Start has both %q, %v, and %q, %v, which are one parameter: give it once", key, value, "/"+key, other)
		}
		if err := set(t.params[place], fmt.Sprintf("Start[%q]", key), value); err != nil {
			return nil, err
		}
	}
	for key, value := range c.Hyper {
		i, err := t.hyper(key)
		if err != nil {
			return nil, err
		}
		if err := set(i, fmt.Sprintf("Hyper[%q]", key), value); err != nil {
			return nil, err
		}
	}
	return state, nil
}

// hyper is the place of the optimizer's hyperparameter of that name: a scalar of its own, not trained, that is not the
// learning rate or a counter.
func (t *Trainer) hyper(key string) (int, error) {
	var names []string
	for i, v := range t.vars {
		of, found := strings.CutPrefix(name(v), optimizer.Scope+"/")
		if !found || v.Trainable || i == t.rate || !v.Shape().IsScalar() || dtypeOf(v) == dtypes.InvalidDType || strings.Contains(of, "/") {
			continue
		}
		if of == key {
			return i, nil
		}
		names = append(names, of)
	}
	if names == nil {
		return 0, fmt.Errorf("Hyper[%q]: the optimizer has no hyperparameter beside its learning rate", key)
	}
	return 0, fmt.Errorf("Hyper[%q]: the optimizer has no such hyperparameter; it has %s", key, strings.Join(names, ", "))
}

// resume replaces the starting values by those at the end of a run, copied to the device or not.
func (t *Trainer) resume(state []*tensors.Tensor, h *History, onDevice bool) error {
	if len(h.state) != len(state) || !slices.EqualFunc(h.names, t.vars, func(n string, v *model.Variable) bool { return n == name(v) }) {
		return errors.New("From is a run of another model or optimizer: its variables are not this trainer's")
	}
	for i, x := range h.state {
		if !x.Shape().Equal(state[i].Shape()) {
			return fmt.Errorf("From is a run of another model: %s has shape %s there and %s here", h.names[min(i, len(h.names)-1)], x.Shape(), state[i].Shape())
		}
		if state[i] = x; !onDevice {
			continue
		}
		var err error
		if state[i], err = t.copyToDevice(x); err != nil {
			return fmt.Errorf("continuing a run: %w", err)
		}
	}
	return nil
}

// starting are the starting values of the variables for a seed.
type starting struct {
	seed         int
	host, device []*tensors.Tensor // device is nil before it is needed
}

func (s *starting) on(device bool) []*tensors.Tensor {
	if device {
		return slices.Clone(s.device)
	}
	return slices.Clone(s.host)
}

// startValues returns the starting values of a seed, on the device or on the host; those of the last seed are kept. The
// slice is the caller's, the tensors are not. As programOf it takes no lock where they are.
func (t *Trainer) startValues(seed int, onDevice bool) ([]*tensors.Tensor, error) {
	have := func(s *starting) bool { return s != nil && s.seed == seed && (!onDevice || s.device != nil) }
	s := t.start.Load()
	if have(s) {
		return s.on(onDevice), nil
	}
	defer t.lock()()
	if s = t.start.Load(); have(s) {
		return s.on(onDevice), nil
	}
	made := starting{seed: seed}
	if s != nil && s.seed == seed {
		made = *s
	} else {
		drawn, err := t.draw(seed)
		if err != nil {
			return nil, err
		}
		made.host = drawn
	}
	if onDevice {
		made.device = make([]*tensors.Tensor, len(made.host))
		for i, x := range made.host {
			var err error
			if made.device[i], err = t.copyToDevice(x); err != nil {
				return nil, err
			}
		}
	}
	t.start.Store(&made) // a run may still use the last ones: the garbage collector frees them
	return made.on(onDevice), nil
}

// draw runs the variables' initializers with the seed. GoMLX's InitializeVariables would compile them each time, which takes
// longer than a short run of a sweep: it lets its executor be configured, and so this is kept and called again.
func (t *Trainer) draw(seed int) ([]*tensors.Tensor, error) {
	if t.draws == nil {
		backend, err := goBackend()
		if err != nil {
			return nil, err
		}
		for _, v := range t.uninitialized {
			if err := v.Reset(); err != nil {
				return nil, err
			}
		}
		var draws *model.Exec
		err = t.store.InitializeVariables(backend, func(e *model.Exec) error { draws = e; return nil })
		if err != nil {
			return nil, err
		}
		t.draws = draws
	}
	if err := t.store.SetRNGStateFromSeed(int64(seed)); err != nil {
		return nil, err
	}
	var drawn []*tensors.Tensor
	if t.draws != nil { // else every variable was given its value
		var err error
		if drawn, err = t.draws.Call(); err != nil {
			return nil, err
		}
	}
	values := make([]*tensors.Tensor, len(t.vars))
	for i, v := range t.vars {
		value, err := v.Value()
		if k := slices.Index(t.uninitialized, v); k >= 0 {
			value, err = drawn[k], nil
		}
		if err != nil {
			return nil, err
		}
		if values[i], err = value.LocalClone(); err != nil {
			return nil, err
		}
	}
	return values, nil
}
