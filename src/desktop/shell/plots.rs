//! Axes of plots that several views have.

use egui_plot::Plot;

/// The axis of a histogram over the bins of ranks, which are called `labels`.
pub fn rank_axis(plot: Plot<'_>, labels: Vec<String>) -> Plot<'_> {
    plot.x_grid_spacer(|input| {
        let (low, high) = (input.bounds.0.ceil() as i64, input.bounds.1.floor() as i64);
        let marks = (low..=high).filter(|i| [0, 4, 9].contains(i) || *i >= 10 && (*i - 9) % 2 == 0);
        marks
            .map(|i| egui_plot::GridMark {
                value: i as f64,
                step_size: 1000.0,
            })
            .collect()
    })
    .x_axis_formatter(move |mark, _| {
        let at = mark.value.round();
        let start = |text: &String| text.split('–').next().unwrap_or_default().to_owned();
        if at < 0.0 {
            String::new()
        } else {
            labels.get(at as usize).map(start).unwrap_or_default()
        }
    })
}

/// About five round marks between the bounds; whole numbers where `whole`.
pub fn marks(bounds: (f64, f64), whole: bool) -> Vec<egui_plot::GridMark> {
    parted(bounds, whole, 5.5)
}

/// About three, for the axis of a small plot: labels closer than 60 points are not drawn.
pub fn few_marks(bounds: (f64, f64), whole: bool) -> Vec<egui_plot::GridMark> {
    parted(bounds, whole, 3.2)
}

fn parted((low, high): (f64, f64), whole: bool, parts: f64) -> Vec<egui_plot::GridMark> {
    let rough = (high - low) / parts;
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
    let mark = |i: i64| egui_plot::GridMark {
        value: i as f64 * step,
        step_size: step,
    };
    ((low / step).ceil() as i64..=(high / step).floor() as i64)
        .map(mark)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_few_round_and_inside() {
        for (bounds, whole) in [
            ((0.0, 1.0), false),
            ((-0.031, 0.017), false),
            ((0.0, 11.0), true),
            ((0.0, 99_999.0), true),
            ((3.0, 3.2), true),
        ] {
            let marks = marks(bounds, whole);
            assert!(marks.len() <= 7, "{bounds:?}: {}", marks.len());
            assert!(
                marks
                    .iter()
                    .all(|m| (bounds.0..=bounds.1).contains(&m.value))
            );
            assert!(!whole || marks.iter().all(|m| m.value.fract() == 0.0));
        }
        assert!(marks((0.0, 1.0), false).len() >= 4);
        assert!(marks((1.0, 1.0), false).is_empty());
        assert!(marks((f64::NAN, 1.0), true).is_empty());
    }
}
