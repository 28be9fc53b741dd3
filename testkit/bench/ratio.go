package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// ratio is a product held against its floor.
type ratio struct {
	name, unit string
	// target is the least quotient that is good; 0 where it is only shown.
	target float64
	// floor and product do one round and answer with units per second.
	floor, product func() float64
	// note says what else was seen after the rounds; nil for nothing.
	note func() string
}

// result is what the rounds of one ratio came to.
type result struct {
	ratio
	floors, products, quotients []float64
}

// measure runs floor and product in turn, first one, then the other ahead, after one round of each that does not count.
func (r ratio) measure(rounds int, progress io.Writer) result {
	fmt.Fprintf(progress, "%s: warming up", r.name)
	r.floor()
	r.product()
	out := result{ratio: r}
	for round := range rounds {
		fmt.Fprintf(progress, ", %d", round+1)
		var floor, product float64
		if round%2 == 0 {
			floor, product = r.floor(), r.product()
		} else {
			product = r.product()
			floor = r.floor()
		}
		out.floors, out.products, out.quotients = append(out.floors, floor), append(out.products, product), append(out.quotients, product/floor)
	}
	fmt.Fprintln(progress)
	return out
}

// spread is the median of values and how far the lowest and the highest are from it.
type spread struct{ low, median, high float64 }

func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	return spread{low: sorted[0], median: sorted[len(sorted)/2], high: sorted[len(sorted)-1]}
}

// perSecond times n units of work.
func perSecond(n int, work func()) float64 {
	begin := time.Now()
	work()
	return float64(n) / time.Since(begin).Seconds()
}

// print writes the table. judge says whether the machine was quiet enough to hold the ratios against their targets.
func print(to io.Writer, results []result, judge bool) {
	fmt.Fprintf(to, "\n%-26s %22s %22s %20s %8s\n", "", "floor", "product", "ratio", "target")
	for _, r := range results {
		floor, product, quotient := spreadOf(r.floors), spreadOf(r.products), spreadOf(r.quotients)
		verdict, target := "not judged", fmt.Sprintf("%.2f", r.target)
		if r.target == 0 {
			verdict, target = "shown", "none"
		} else if judge {
			if verdict = "met"; quotient.median < r.target {
				verdict = "MISSED"
			}
		}
		fmt.Fprintf(to, "%-26s %9.0f (%.0f..%.0f) %9.0f (%.0f..%.0f) %6.2f (%.2f..%.2f) %8s  %s\n", r.name+", "+r.unit,
			floor.median, floor.low, floor.high, product.median, product.low, product.high, quotient.median, quotient.low, quotient.high, target, verdict)
		if r.note != nil {
			fmt.Fprintf(to, "%-26s %s\n", "", r.note())
		}
	}
}
