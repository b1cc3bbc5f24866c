//! Small pieces of the lab's form: numbers in 255ths.

pub use super::super::fields::{field, named};

/// A change of pixels in 255ths.
pub fn levels(value: f32) -> String {
    let n = value * 255.0;
    if (n - n.round()).abs() < 0.005 || n >= 100.0 {
        format!("{n:.0}/255")
    } else if n < 0.1 {
        format!("{n:.3}/255")
    } else if ((n * 10.0) - (n * 10.0).round()).abs() < 0.02 {
        format!("{n:.1}/255")
    } else {
        format!("{n:.2}/255")
    }
}

/// 255ths from "4/255", "4" or "0.0157".
pub fn parse_levels(text: &str) -> Option<f64> {
    let text = text.split('=').next()?.trim();
    if let Some((above, below)) = text.split_once('/') {
        let (a, b): (f64, f64) = (above.trim().parse().ok()?, below.trim().parse().ok()?);
        return (b > 0.0).then_some(a / b * 255.0);
    }
    let value: f64 = text.parse().ok()?;
    // Below a half it is a size of pixels in [0, 1]: nobody types less than half a level otherwise.
    Some(if value < 0.5 { value * 255.0 } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epsilons_are_read_as_people_write_them() {
        assert_eq!(parse_levels("4/255"), Some(4.0));
        assert_eq!(parse_levels(" 8 / 255 = 0.0314"), Some(8.0));
        assert_eq!(parse_levels("2"), Some(2.0));
        assert_eq!(parse_levels("0.5"), Some(0.5));
        assert!((parse_levels("0.0157").expect("a number") - 4.0035).abs() < 1e-9);
        assert_eq!(parse_levels("1/0"), None);
        assert_eq!(parse_levels("much"), None);
    }

    #[test]
    fn changes_are_written_in_255ths() {
        assert_eq!(levels(4.0 / 255.0), "4/255");
        assert_eq!(levels(0.5 / 255.0), "0.5/255");
        assert_eq!(levels(0.0), "0/255");
        assert_eq!(levels(1.0), "255/255");
        assert_eq!(levels(3.25 / 255.0), "3.25/255");
    }
}
