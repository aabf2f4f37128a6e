// Aduan is a gateway that lets an incident response team run its whole case work by e-mail.
//
// The command line reads the settings, opens the parts, starts them in one group and stops them; it holds no rule of the
// case work. It promises one clear line for every fault, on standard error, and the exit codes 0 done, 1 failed, 2 wrong use
// or wrong settings, 75 try again (ingest).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the team's time zone on machines without a zone database
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
