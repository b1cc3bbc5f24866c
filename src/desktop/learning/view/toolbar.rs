//! What stands above the curves: what is plotted, which recall, against what.

use super::View;
use crate::desktop::learning::{Axis, Command, Quantity};
use crate::desktop::shell::widgets::segmented;
use crate::learn::{Figure, Group, Way};
use egui::Ui;

/// Draws the bar.
pub fn toolbar_ui(ui: &mut Ui, view: &mut View<'_>) {
    let state = view.state;
    ui.horizontal_wrapped(|ui| {
        let quantities = [
            (Quantity::Recall, "Recall", "Recall on the images held out; dotted: on as many of those that are trained on"),
            (Quantity::Loss, "Loss", "Mean loss of each epoch"),
        ];
        if let Some(quantity) = segmented(ui, state.quantity, &quantities) {
            view.own(Command::SetQuantity(quantity));
        }
        ui.add_space(6.0);
        let figure = state.figure;
        let places = [
            (0, "R@1", "The right one ranks first"),
            (1, "R@5", "The right one is among the first five"),
            (2, "R@10", "The right one is among the first ten"),
        ];
        if let Some(at) = segmented(ui, figure.at, &places) {
            view.own(Command::SetFigure(Figure { at, ..figure }));
        }
        ui.add_space(6.0);
        let ways = [
            (Way::ImageToText, "I→T", "Images look for captions"),
            (Way::TextToImage, "T→I", "Captions look for images"),
        ];
        if let Some(way) = segmented(ui, figure.way, &ways) {
            view.own(Command::SetFigure(Figure { way, ..figure }));
        }
        ui.add_space(6.0);
        let mut axes = vec![
            (Axis::Steps, "Steps", "Steps of the optimizer"),
            (
                Axis::Seconds,
                "Seconds",
                "Seconds of training, without those of measuring recall",
            ),
            (
                Axis::Data,
                "Data used",
                "Pairs drawn so far, as a share of those to train on: 100 % is as many as there are",
            ),
        ];
        let by_clients = |group: &Group| group.first().setup.optimizer.kind.by_clients();
        // One that was chosen can be seen even when its runs are gone.
        let is_chosen = matches!(state.axis, Axis::Rounds | Axis::Bytes);
        if is_chosen || state.groups().iter().any(by_clients) {
            axes.extend([
                (
                    Axis::Rounds,
                    "Rounds",
                    "Rounds of simulated clients; runs without are drawn against steps",
                ),
                (
                    Axis::Bytes,
                    "MB sent",
                    "What simulated clients would send and be sent; runs without are drawn against steps",
                ),
            ]);
        }
        if let Some(axis) = segmented(ui, state.axis, &axes) {
            view.own(Command::SetAxis(axis));
        }
        ui.add_space(6.0);
        let can = !state.groups().is_empty();
        let hint = "Write the curves: CSV (all figures), SVG or PNG";
        let button = ui.add_enabled(can, egui::Button::new("Export…"));
        if button.on_hover_text(hint).clicked() {
            view.own(Command::Export);
        }
        let hint = "Five cards that show what is here, on what is open";
        if ui.button("Tour").on_hover_text(hint).clicked() {
            view.memory.tour = Some(0);
        }
    });
}
