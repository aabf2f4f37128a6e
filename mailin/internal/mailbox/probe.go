package mailbox

import "context"

// TryLogIn connects once, logs in and leaves. Its error is an *Error that names the step.
func TryLogIn(ctx context.Context, cfg Config) error {
	s := prober(cfg)
	defer func() {
		if s.guard != nil {
			s.close()
		}
	}()
	if err := s.dial(ctx); err != nil {
		return s.fault("connect", err, true)
	}
	stop := context.AfterFunc(ctx, func() { s.guard.kill(context.Cause(ctx)) })
	defer stop()
	if err := s.step(ctx, "greet", s.greet); err != nil {
		return err
	}
	return s.step(ctx, "log in", s.logIn)
}

// prober is a session that works on nothing.
func prober(cfg Config) *session {
	return &session{worker: &worker{cfg: cfg.withDefaults(), resting: map[uint32]*rest{}}, arrived: make(chan struct{}, 1)}
}

// step is one step of making a session, with the server given its time for it.
func (s *session) step(ctx context.Context, op string, do func(context.Context) error) error {
	s.guard.arm()
	defer s.guard.disarm()
	if err := do(ctx); err != nil {
		return s.fault(op, err, true)
	}
	return nil
}
