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
