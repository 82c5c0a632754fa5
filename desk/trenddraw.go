package desk

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strconv"
)

// Measures of the picture, in pixels. It is drawn twice as large as Slack shows it, so that it is sharp on phones.
const (
	trendWidth  = 1040
	panelHeight = 360
	panelLeft   = 110
	panelRight  = 120
	panelTop    = 70
	panelBottom = 60
	dotRadius   = 8
	lineHalf    = 3   // half of a line's width
	leastSpan   = 20  // of the scale: smaller changes should not look like mountains
	scaleStep   = 10  // between the lines of the scale, at least
	mostLines   = 5   // of the scale
	letterSize  = 3   // pixels of a dot of a letter
	titleSize   = 4   // of a dot of a title's letter
	bandAlpha   = 46  // of the likely range, of 255
	paleInk     = 220 // of the scale's lines
)

// The colours: readable on white, and apart from each other also for who does not see red and green apart.
var (
	paper = color.RGBA{255, 255, 255, 255}
	ink   = color.RGBA{60, 64, 72, 255}
	pale  = color.RGBA{paleInk, paleInk, paleInk, 255}
	inks  = []color.RGBA{{0, 90, 181, 255}, {166, 86, 0, 255}}
)

// drawTrend draws lines one below the other, as a PNG.
func drawTrend(lines []graph) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, trendWidth, panelHeight*len(lines)))
	draw.Draw(img, img.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	for i, g := range lines {
		p := newPanel(img, g, i)
		p.scale()
		p.ranges()
		p.line()
		p.dates()
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// panel is where one line is drawn.
type panel struct {
	img       *image.RGBA
	graph     graph
	top       int // pixel row at which it begins
	low, high int // the part of the score's scale that is shown
	ink       color.RGBA
}

func newPanel(img *image.RGBA, g graph, n int) *panel {
	p := &panel{img: img, graph: g, top: n * panelHeight, low: g.top, high: g.low, ink: inks[n%len(inks)]}
	for _, w := range g.weeks {
		f := w.Figure
		for _, v := range []*int{f.Score, f.From, f.To} {
			if v != nil && f.Score != nil {
				p.low, p.high = min(p.low, *v), max(p.high, *v)
			}
		}
	}
	p.low, p.high = floorTo(p.low, scaleStep), -floorTo(-p.high, scaleStep)
	for p.high-p.low < leastSpan {
		p.low, p.high = max(p.low-scaleStep, g.low), min(p.high+scaleStep, g.top)
	}
	return p
}

// floorTo is the greatest multiple of step up to n.
func floorTo(n, step int) int {
	if rest := n % step; rest < 0 {
		return n - rest - step
	}
	return n - n%step
}

// x is the column of a week, y the row of a score.
func (p *panel) x(week int) int {
	return panelLeft + week*(trendWidth-panelLeft-panelRight)/max(len(p.graph.weeks)-1, 1)
}

func (p *panel) y(score int) int {
	height := panelHeight - panelTop - panelBottom
	return p.top + panelTop + (p.high-score)*height/(p.high-p.low)
}

// scale draws the title and the lines of the scale with their figures.
func (p *panel) scale() {
	writeText(p.img, panelLeft, p.top+titleSize*4, titleSize, p.graph.name, p.ink)
	step := scaleStep
	for (p.high-p.low)/step > mostLines {
		step += scaleStep
	}
	for score := -floorTo(-p.low, step); score <= p.high; score += step {
		y := p.y(score)
		fill(p.img, image.Rect(panelLeft, y-1, trendWidth-panelRight, y+1), pale)
		label := strconv.Itoa(score)
		writeText(p.img, panelLeft-24-textWidth(label, letterSize), y-letterRows*letterSize/2, letterSize, label, ink)
	}
}

// ranges shades where the true score likely is.
func (p *panel) ranges() {
	shade := image.NewUniform(color.NRGBA{p.ink.R, p.ink.G, p.ink.B, bandAlpha})
	for i, w := range p.graph.weeks {
		f := w.Figure
		if f.Score == nil || f.From == nil || f.To == nil {
			continue
		}
		r := image.Rect(p.x(i)-2*dotRadius, p.y(*f.To), p.x(i)+2*dotRadius, p.y(*f.From)+1)
		draw.Draw(p.img, r, shade, image.Point{}, draw.Over)
	}
}

// line draws the scores, joined over weeks without one, and writes the last beside it.
func (p *panel) line() {
	last := -1
	for i, w := range p.graph.weeks {
		if w.Figure.Score == nil {
			continue
		}
		if last >= 0 {
			stroke(p.img, image.Pt(p.x(last), p.y(*p.graph.weeks[last].Figure.Score)), image.Pt(p.x(i), p.y(*w.Figure.Score)), lineHalf, p.ink)
		}
		last = i
	}
	for i, w := range p.graph.weeks {
		if w.Figure.Score != nil {
			at := image.Pt(p.x(i), p.y(*w.Figure.Score))
			stroke(p.img, at, at, dotRadius, p.ink)
		}
	}
	if last >= 0 {
		score := *p.graph.weeks[last].Figure.Score
		writeText(p.img, p.x(last)+2*dotRadius+6, p.y(score)-letterRows*titleSize/2, titleSize, strconv.Itoa(score), p.ink)
	}
}

// dates writes the day on which weeks begin, as many as have room.
func (p *panel) dates() {
	every := 1 + (len(p.graph.weeks)-1)/7
	for i := len(p.graph.weeks) - 1; i >= 0; i -= every {
		at := p.graph.weeks[i].Begins
		label := fmt.Sprintf("%02d.%02d", at.Day(), int(at.Month()))
		writeText(p.img, p.x(i)-textWidth(label, letterSize)/2, p.top+panelHeight-panelBottom+24, letterSize, label, ink)
	}
}

func fill(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}
