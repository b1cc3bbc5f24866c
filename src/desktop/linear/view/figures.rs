//! Figures as they are told.

/// A margin with digits that say something.
pub fn digits(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 1,
        v if v >= 0.01 => 4,
        _ => 6,
    };
    format!("{value:.digits$}").replace('-', "−")
}
