package main

import "errors"

type chatCmd struct{}

func (c *chatCmd) Run() error { return errors.New("being written") }
