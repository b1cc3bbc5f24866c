//! The runs and the messages of this session.

mod view;

use crate::desktop::core::{Basis, Tab};
use crate::desktop::feature::{Desk, Feature, Nothing, View};
use egui::Ui;

/// The view.
pub struct Log;

impl Feature for Log {
    type Command = Nothing;
    type Slot = Nothing;
    type Event = Nothing;
    type State = ();
    type Memory = ();

    const TAB: Tab = Tab {
        title: "Log",
        hint: "What was run with which settings, to be run again; messages of this session",
        show: "Show the log",
        follows: false,
        is_lab: false,
    };

    fn new() -> Self {
        Self
    }

    fn state(&self) -> &() {
        &()
    }

    fn execute(&mut self, _: &mut Desk<'_, Self>, command: Nothing) {
        match command {}
    }

    fn take(&mut self, _: &mut Desk<'_, Self>, _: Basis, event: Nothing) {
        match event {}
    }

    fn guide_page() -> Option<&'static str> {
        Some("headless")
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::log_ui(ui, view);
    }
}
