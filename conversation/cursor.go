package conversation

import "sync"

// cursor is up to which id the inbox was read.
//
// PostgreSQL gives ids before it commits them, so that an event can appear behind one that was read already. Its id is
// never below one that was read before its own transaction began: whoever accepts an event notes where the cursor
// stands, and afterwards has the inbox read from there.
type cursor struct {
	mu    sync.Mutex
	upTo  int64
	again int64 // the inbox is to be read from here, -1 when there is no need
}

// at is an id below which nothing will appear that is accepted from now on.
func (c *cursor) at() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.upTo
}

// back has the next reading start from id, if it would start later.
func (c *cursor) back(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.again < 0 || id < c.again {
		c.again = id
	}
}

// start answers the id behind which the next reading starts.
func (c *cursor) start() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.again >= 0 {
		c.upTo = min(c.upTo, c.again)
		c.again = -1
	}
	return c.upTo
}

// read notes the highest id of a reading.
func (c *cursor) read(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.upTo = max(c.upTo, id)
}
