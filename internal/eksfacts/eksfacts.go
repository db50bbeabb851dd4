// Package eksfacts holds what is true of EKS whoever asks: add-ons, zones, taints,
// names and instance families, one row each, with where it was read. It is pure
// data and knows neither a config file nor AWS's SDK. The simulator keeps facts of
// its own: it is the other witness.
package eksfacts
