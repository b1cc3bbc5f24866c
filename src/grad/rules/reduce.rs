pub(super) const RULES: &[(&str, super::Rule)] = &[];
