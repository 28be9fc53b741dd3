package local

// Throwaway returns the settings of a cluster whose data nobody will miss, for
// tests: it survives the end of any process, and nothing is written down for the
// case that the machine stops. Commits still mean what they mean.
func Throwaway() map[string]string {
	return map[string]string{
		"fsync":              "off",
		"full_page_writes":   "off",
		"max_connections":    "500",
		"shared_buffers":     "128MB",
		"max_wal_size":       "4GB",
		"checkpoint_timeout": "30min",
	}
}
