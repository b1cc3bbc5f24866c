//! Axes: from values to places, and the marks along them.

/// How values become places along an axis. Each value of a histogram of whole numbers has a cell of the width that is
/// its share of the axis, so that areas are counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// As they are.
    Linear,
    /// The binary logarithm: ranks, from 1. Values below are at 1.
    Log2,
    /// The decimal logarithm of one more: counts, from 0.
    Counts,
    /// Whole shifts to both sides: 0 has the cell from -1/2 to 1/2, beyond it the binary logarithm of the size.
    Shifts,
}

impl Scale {
    /// Where `value` lies.
    pub fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log2 => value.max(1.0).log2(),
            Self::Counts => (1.0 + value.max(0.0)).log10(),
            Self::Shifts if value.abs() < 1.0 => value / 2.0,
            Self::Shifts => value.signum() * (0.5 + value.abs().log2()),
        }
    }

    /// The value at a place: the inverse of [`Scale::place`].
    pub fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log2 => place.exp2(),
            Self::Counts => 10.0_f64.powf(place) - 1.0,
            Self::Shifts if place.abs() < 0.5 => place * 2.0,
            Self::Shifts => place.signum() * (place.abs() - 0.5).exp2(),
        }
    }
}

/// A mark along an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where.
    pub place: f64,
    /// What it says.
    pub text: String,
}

/// One direction of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is measured, with its unit in brackets where it has one.
    pub name: String,
    /// What follows each figure: "%", "/255".
    pub suffix: &'static str,
    /// How values become places.
    pub scale: Scale,
    /// The first value; `None` for that of the data.
    pub low: Option<f64>,
    /// The last value; `None` for that of the data.
    pub high: Option<f64>,
    /// Are there whole numbers only?
    pub whole: bool,
    /// About how many marks there are.
    pub marks: f64,
    /// Are the marks drawn?
    pub shown: bool,
    /// Is its name drawn in the window too? Files always have it.
    pub named: bool,
}

impl Axis {
    /// An axis of values as they are, with about five marks.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            suffix: "",
            scale: Scale::Linear,
            low: None,
            high: None,
            whole: false,
            marks: 5.5,
            shown: true,
            named: false,
        }
    }

    /// An axis of counts from 0, logarithmic or not.
    pub fn counts(name: impl Into<String>, log: bool) -> Self {
        Self {
            scale: if log { Scale::Counts } else { Scale::Linear },
            low: Some(0.0),
            whole: true,
            ..Self::new(name)
        }
    }

    /// An axis of per cent from 0 to `high`.
    pub fn percent(name: impl Into<String>, high: f64) -> Self {
        Self {
            suffix: " %",
            low: Some(0.0),
            high: Some(high),
            ..Self::new(name)
        }
    }

    /// A value in words.
    pub fn told(&self, value: f64) -> String {
        let text = if self.whole {
            grouped(value)
        } else {
            plain(value)
        };
        format!("{text}{}", self.suffix)
    }

    /// The marks between two places that are `room` points apart.
    pub fn marks(&self, (low, high): (f64, f64), room: f32) -> Vec<Mark> {
        let values = match self.scale {
            Scale::Linear => round((low, high), self.whole, self.marks),
            Scale::Counts => {
                let last = high.max(0.0).ceil() as i32;
                let powers = (0..=last).map(|power| 10.0_f64.powi(power));
                std::iter::once(0.0).chain(powers).collect()
            }
            Scale::Log2 | Scale::Shifts => {
                let every = octaves((high - low).max(1.0), room);
                let last = high.abs().max(low.abs()).floor() as i32;
                let sizes = (0..=last).step_by(every).map(|power| 2.0_f64.powi(power));
                let mut all: Vec<f64> = sizes.clone().collect();
                if self.scale == Scale::Shifts {
                    all.extend(sizes.map(|size| -size));
                    all.push(0.0);
                    all.sort_by(f64::total_cmp);
                }
                all
            }
        };
        // As many digits as tell a mark from the next.
        let digits = match values[..] {
            [first, second, ..] if self.scale == Scale::Linear && !self.whole => {
                Some(decimals(second - first))
            }
            _ => None,
        };
        let mark = |value: f64| Mark {
            place: self.scale.place(value),
            text: match digits {
                Some(digits) => format!("{}{}", signed(format!("{value:.digits$}")), self.suffix),
                None => self.told(value),
            },
        };
        let marks = values.into_iter().map(mark);
        let slack = (high - low) * 1e-9;
        // Beside the axis there may be room for words.
        let end = self
            .high
            .map_or(high, |end| self.scale.place(end).min(high));
        marks
            .filter(|mark| mark.place >= low - slack && mark.place <= end + slack)
            .collect()
    }
}

/// Every how many octaves there is room for a mark, where `count` of them have `room` points.
fn octaves(count: f64, room: f32) -> usize {
    const EACH: f64 = 34.0;
    (EACH * count / f64::from(room.max(1.0))).ceil().max(1.0) as usize
}

/// About `count` round values between the bounds; whole numbers where `whole`.
pub fn round((low, high): (f64, f64), whole: bool, count: f64) -> Vec<f64> {
    let rough = (high - low) / count;
    if !rough.is_finite() || rough <= 0.0 {
        return Vec::new();
    }
    let power = 10.0_f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|n| n * power >= rough);
    let mut step = nice.unwrap_or(10.0) * power;
    if whole {
        step = step.max(1.0).round();
    }
    ((low / step).ceil() as i64..=(high / step).floor() as i64)
        .map(|n| n as f64 * step)
        .collect()
}

/// A number without digits that say nothing, with a proper minus sign.
pub fn plain(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 1.0 => 2,
        _ => 4,
    };
    let text = format!("{value:.digits$}");
    if value.abs() > NOISE && text.trim_matches(['-', '0', '.']).is_empty() {
        return format!("{value:.1e}").replace('-', "−");
    }
    signed(text)
}

/// What is smaller than this is the noise of a sum that should be 0.
const NOISE: f64 = 1e-12;

/// Decimals by which multiples of `step`, a round number, differ.
fn decimals(step: f64) -> usize {
    (-(step.abs() * 1.000_001).log10().floor()).clamp(0.0, 12.0) as usize
}

/// A number that is written out, without zeros that say nothing, with a proper minus sign.
fn signed(mut text: String) -> String {
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text == "-0" {
        return "0".into();
    }
    text.replace('-', "−")
}

/// A whole number in groups of three digits.
fn grouped(value: f64) -> String {
    let sign = if value <= -0.5 { "−" } else { "" };
    let size = crate::error::thousands(value.abs().round() as u64);
    format!("{sign}{size}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_inverses_and_octaves_are_equally_wide() {
        for scale in [Scale::Linear, Scale::Log2, Scale::Counts, Scale::Shifts] {
            for value in [1.0, 2.0, 3.5, 70.0, 1e6] {
                let back = scale.value(scale.place(value));
                assert!((back - value).abs() < 1e-6 * value, "{scale:?} {value}");
            }
        }
        let wide = |scale: Scale, from: f64, to: f64| scale.place(to) - scale.place(from);
        for octave in 0..20 {
            let (from, to) = (2.0_f64.powi(octave), 2.0_f64.powi(octave + 1));
            for scale in [Scale::Log2, Scale::Shifts] {
                assert!((wide(scale, from, to) - 1.0).abs() < 1e-9);
            }
            assert!((wide(Scale::Shifts, -to, -from) - 1.0).abs() < 1e-9);
        }
        assert!((wide(Scale::Shifts, -1.0, 1.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn marks_are_few_round_and_inside() {
        for (bounds, whole) in [
            ((0.0, 1.0), false),
            ((-0.031, 0.017), false),
            ((0.0, 11.0), true),
            ((0.0, 99_999.0), true),
            ((3.0, 3.2), true),
        ] {
            let axis = Axis {
                whole,
                ..Axis::new("x")
            };
            let marks = axis.marks(bounds, 300.0);
            assert!(marks.len() <= 7, "{bounds:?}: {}", marks.len());
            let inside = |m: &Mark| m.place >= bounds.0 - 1e-9 && m.place <= bounds.1 + 1e-9;
            assert!(marks.iter().all(inside));
            assert!(!whole || marks.iter().all(|m| m.place.fract() == 0.0));
        }
        assert!(Axis::new("x").marks((0.0, 1.0), 300.0).len() >= 4);
        assert!(Axis::new("x").marks((1.0, 1.0), 300.0).is_empty());
        assert!(Axis::new("x").marks((f64::NAN, 1.0), 300.0).is_empty());
        let ranks = Axis {
            scale: Scale::Log2,
            whole: true,
            ..Axis::new("rank")
        };
        let told = |room| -> Vec<String> {
            let marks = ranks.marks((0.0, 4.0), room).into_iter();
            marks.map(|m| m.text).collect()
        };
        assert_eq!(told(400.0), ["1", "2", "4", "8", "16"]);
        assert_eq!(told(80.0), ["1", "4", "16"]);
    }

    #[test]
    fn numbers_are_plain() {
        assert_eq!(plain(300.0), "300");
        assert_eq!(plain(0.0), "0");
        assert_eq!(plain(-0.000_001), "−1.0e−6");
        assert_eq!(plain(-1e-17), "0");
        let marks = |low, high| -> Vec<String> {
            let axis = Axis::new("a");
            let all = axis.marks((low, high), 300.0).into_iter();
            all.map(|mark| mark.text).collect()
        };
        // Whatever the scale, no two marks say the same.
        for (low, high) in [
            (100.0, 102.0),
            (-1e-4, 1e-4),
            (0.0, 3.0),
            (1e6, 1e6 + 1.0),
            (0.7, 0.95),
        ] {
            let mut all = marks(low, high);
            let count = all.len();
            all.dedup();
            assert!(count > 2 && all.len() == count, "{all:?}");
        }
        assert_eq!(plain(2.50), "2.5");
        assert_eq!(plain(-0.125), "−0.125");
        assert_eq!(grouped(-12_345.0), "−12,345");
    }
}
