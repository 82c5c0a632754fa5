package desk

import (
	"image"
	"image/color"
	"math"
)

// letterRows and letterColumns are the dots of a letter; a column between two stays free.
const letterRows, letterColumns = 7, 5

// letters are the signs that pictures need, dot by dot: figures and dates, which every language reads, and the names of
// the scores. No font library is worth its weight for so few.
var letters = map[rune][letterRows]string{
	'0': {".###.", "#...#", "#..##", "#.#.#", "##..#", "#...#", ".###."},
	'1': {"..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."},
	'2': {".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"},
	'3': {".###.", "#...#", "....#", "..##.", "....#", "#...#", ".###."},
	'4': {"...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."},
	'5': {"#####", "#....", "####.", "....#", "....#", "#...#", ".###."},
	'6': {"..##.", ".#...", "#....", "####.", "#...#", "#...#", ".###."},
	'7': {"#####", "....#", "...#.", "..#..", ".#...", ".#...", ".#..."},
	'8': {".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."},
	'9': {".###.", "#...#", "#...#", ".####", "....#", "...#.", ".##.."},
	'-': {".....", ".....", ".....", "#####", ".....", ".....", "....."},
	'.': {".....", ".....", ".....", ".....", ".....", ".##..", ".##.."},
	'%': {"##..#", "##..#", "...#.", "..#..", ".#...", "#..##", "#..##"},
	'A': {".###.", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"},
	'C': {".###.", "#...#", "#....", "#....", "#....", "#...#", ".###."},
	'N': {"#...#", "##..#", "##..#", "#.#.#", "#..##", "#..##", "#...#"},
	'P': {"####.", "#...#", "#...#", "####.", "#....", "#....", "#...."},
	'S': {".####", "#....", "#....", ".###.", "....#", "....#", "####."},
	'T': {"#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."},
}

// textWidth is how wide a text becomes, in pixels.
func textWidth(text string, size int) int {
	return max(len([]rune(text))*(letterColumns+1)-1, 0) * size
}

// writeText writes a text with its upper left corner at a pixel. Signs that are none of letters leave a gap.
func writeText(img *image.RGBA, x, y, size int, text string, c color.RGBA) {
	for _, sign := range text {
		for row, dots := range letters[sign] {
			for column, dot := range dots {
				if dot == '#' {
					fill(img, image.Rect(x+column*size, y+row*size, x+(column+1)*size, y+(row+1)*size), c)
				}
			}
		}
		x += (letterColumns + 1) * size
	}
}

// stroke draws a line with round ends, smooth at its edges; from a point to itself it is a dot.
func stroke(img *image.RGBA, from, to image.Point, half float64, c color.RGBA) {
	reach := int(half) + 2
	area := image.Rectangle{Min: from, Max: from.Add(image.Pt(1, 1))}.Union(image.Rectangle{Min: to, Max: to.Add(image.Pt(1, 1))}).Inset(-reach)
	area = area.Intersect(img.Bounds())
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			cover := min(max(half+0.5-distance(from, to, image.Pt(x, y)), 0), 1)
			if cover > 0 {
				img.SetRGBA(x, y, mixed(img.RGBAAt(x, y), c, cover))
			}
		}
	}
}

// distance is how far a pixel is from a line between two others.
func distance(from, to, at image.Point) float64 {
	dx, dy := float64(to.X-from.X), float64(to.Y-from.Y)
	px, py := float64(at.X-from.X), float64(at.Y-from.Y)
	along := 0.0
	if length := dx*dx + dy*dy; length > 0 {
		along = min(max((px*dx+py*dy)/length, 0), 1)
	}
	return math.Hypot(px-along*dx, py-along*dy)
}

// mixed is a colour with a share of another over it.
func mixed(under, over color.RGBA, share float64) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-share) + float64(b)*share)) }
	return color.RGBA{mix(under.R, over.R), mix(under.G, over.G), mix(under.B, over.B), 255}
}
