package main

import "context"

func (b *bench) latency(ctx context.Context) error              { return nil }
func (b *bench) commandBehindBacklog(ctx context.Context) error { return nil }
func (b *bench) manyMailboxes(ctx context.Context) error        { return nil }
func (b *bench) manyGateways(ctx context.Context) error         { return nil }
func (b *bench) memory(ctx context.Context) error               { return nil }
