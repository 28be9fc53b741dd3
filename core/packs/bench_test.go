package packs_test

import "testing"

// BenchmarkAnswerLine is one line of `docket clock due`, over all the worked vectors in turn.
func BenchmarkAnswerLine(b *testing.B) {
	pack := load(b)
	var lines [][]byte
	for _, vector := range readVectors(b) {
		lines = append(lines, vector.question)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		pack.AnswerLine(lines[i%len(lines)])
	}
}
