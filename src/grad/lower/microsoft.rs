pub(super) const LOWERINGS: &[(&str, super::Lowering)] = &[];
