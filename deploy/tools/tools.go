// Package tools pins the programs that check Docket's source, in a module of
// their own so that the product does not depend on them. See the tool lines of
// go.mod; `make verify` builds and runs them.
package tools
