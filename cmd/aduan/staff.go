package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"aduan/tickets"
)

func (p *program) staff() *cobra.Command {
	return group("staff", "Register the team's people", p.staffAdd(), p.staffList(), p.staffRemove())
}

func (p *program) staffAdd() *cobra.Command {
	var s tickets.Staff
	var roles []string
	c := &cobra.Command{Use: "add EMAIL", Short: "Register a person or a shared mailbox", Args: cobra.ExactArgs(1),
		Example: "  aduan staff add budi@csirt.example --name \"Budi Santoso\" --role agent --team web\n  aduan staff add frontdesk@csirt.example --name \"Front Desk\" --role front-desk --shared --member ani@csirt.example --member made@csirt.example",
		RunE: func(c *cobra.Command, args []string) error {
			s.Address = args[0]
			for _, r := range roles {
				role, err := tickets.ParseRole(r)
				if err != nil {
					return wrongUse(err)
				}
				s.Roles = append(s.Roles, role)
			}
			parts, err := p.open(c.Context())
			if err != nil {
				return err
			}
			defer parts.close()
			if err := parts.store.AddStaff(c.Context(), s, time.Now()); err != nil {
				var invalid *tickets.InvalidError
				if errors.As(err, &invalid) {
					return wrongUse(err)
				}
				return err
			}
			fmt.Fprintf(p.out, "%s is registered: %s\n", tickets.Key(s.Address), strings.Join(roles, ", "))
			return nil
		}}
	f := c.Flags()
	f.StringVar(&s.Name, "name", "", "the person's `NAME`")
	f.StringArrayVar(&roles, "role", nil, "a `ROLE`: front-desk, agent or supervisor; may be repeated")
	f.StringVar(&s.Team, "team", "", "the `TEAM` of an agent, for /forward TEAM")
	f.StringArrayVar(&s.Aliases, "alias", nil, "a further `ADDRESS` of the same person; may be repeated")
	f.BoolVar(&s.Shared, "shared", false, "a mailbox that several people read")
	f.StringArrayVar(&s.Members, "member", nil, "`ADDRESS` of somebody who reads the shared mailbox; may be repeated")
	return c
}

func (p *program) staffList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "List the registered staff", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		staff, err := parts.store.Staff(c.Context())
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(p.out, append([]tickets.Staff{}, staff...))
		}
		table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ADDRESS\tNAME\tROLES\tTEAM\tALIASES\tMEMBERS")
		for _, s := range staff {
			var roles []string
			for _, r := range s.Roles {
				roles = append(roles, string(r))
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Address, s.Name, strings.Join(roles, ","), orDash(s.Team), orDash(strings.Join(s.Aliases, ",")), orDash(strings.Join(s.Members, ",")))
		}
		return table.Flush()
	}}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return c
}

func (p *program) staffRemove() *cobra.Command {
	return &cobra.Command{Use: "remove EMAIL", Short: "End an entry at once: its proofs end, its open cases return to Front Desk", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		if err := parts.store.RemoveStaff(c.Context(), args[0], time.Now()); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "%s is removed\n", tickets.Key(args[0]))
		return nil
	}}
}
