//! Magnitudes in plain units.

use crate::augment::Change;

/// What copies under this magnitude do at most: "±18.0°".
pub fn plain(change: Change, magnitude: f64) -> String {
    let percent = 100.0 * magnitude;
    match change {
        Change::Rotation => format!("±{:.1}°", 360.0 * magnitude),
        Change::Shift => format!("±{percent:.1} % of each side"),
        Change::Scale => format!("× {:.2} to × {:.2}", (-magnitude).exp(), magnitude.exp()),
        Change::Brightness => format!("±{percent:.1} % of the range"),
        Change::Colour => format!("±{percent:.1} % of the colour"),
        Change::Blur => format!("up to {percent:.1} % of the shorter side"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_are_told_in_plain_units() {
        assert_eq!(plain(Change::Rotation, 0.25), "±90.0°");
        assert_eq!(plain(Change::Scale, 2.0_f64.ln()), "× 0.50 to × 2.00");
        assert_eq!(plain(Change::Blur, 0.02), "up to 2.0 % of the shorter side");
    }
}
