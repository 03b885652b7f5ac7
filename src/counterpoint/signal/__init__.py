"""Plain functions that carry arrays along maps and turn them into bytes; they know no part."""
