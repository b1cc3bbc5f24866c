//! Small pieces of the lab's form: numbers in 255ths.

pub use crate::attack::levels;
pub use crate::desktop::shell::fields::{field, named};

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
}
