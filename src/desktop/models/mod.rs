//! The models of the open encoder: what they are, and what gradients they have.

mod examine;
mod layers;
mod view;

use crate::desktop::core::{self, Basis, Derived, JobSlot, ModelCard, Part, Tab};
use crate::desktop::feature::{Desk, Feature, View};
use egui::Ui;
use examine::{DIRECTIONS, cards, verdicts};

/// The models of the open encoder.
pub struct Models {
    /// Were they examined, or is that under way?
    asked: Derived<()>,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Examine the open encoder's models (again).
    Examine,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Examining the models' gradients.
    Examine,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Examine => &[Part::Encoder],
        }
    }
}

/// What its jobs report.
pub enum Event {
    /// The models were examined.
    Cards(Vec<ModelCard>),
}

impl Feature for Models {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = ();
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Models",
        hint: "What the encoder's models are, and what gradients they have",
        show: "Show the models",
        follows: false,
        is_lab: false,
    };

    fn new() -> Self {
        let asked = Derived::default();
        Self { asked }
    }

    fn state(&self) -> &() {
        &()
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        match command {
            Command::Examine => {
                let Some(encoder) = desk.encoder.clone() else {
                    return;
                };
                self.asked = Derived::new(desk.basis(Slot::Examine), ());
                let providers = desk.session.settings.providers.clone();
                desk.session.open.clear_cards();
                let settings = format!("{DIRECTIONS} directions of the self-check");
                let again = [Command::Examine];
                desk.began(
                    Slot::Examine,
                    "Models examined",
                    settings,
                    &[Part::Encoder],
                    again,
                );
                desk.start(Slot::Examine, "Examining the models", move |task| {
                    Ok(Event::Cards(cards(&encoder, &providers, task)?))
                });
            }
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        match event {
            Event::Cards(cards) => {
                desk.ran(Slot::Examine, verdicts(&cards));
                desk.session.open.set_cards(basis, cards);
            }
        }
    }

    fn offered(&mut self, desk: &mut Desk<'_, Self>, command: &core::Command) -> bool {
        let shows = matches!(command, core::Command::ShowModels);
        if shows {
            desk.show(Self::TAB);
        }
        shows
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        let asked = self.asked.get(desk.session.now()).is_some();
        if desk.session.tab == Self::TAB && !asked && desk.session.open.cards().is_empty() {
            self.execute(desk, Command::Examine);
        }
    }

    fn guide_page() -> Option<&'static str> {
        Some("encoders")
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::models_ui(ui, view);
    }
}
