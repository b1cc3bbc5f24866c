//! What other views send pictures to the lab for: to be broken, or repaired, at once.

use super::state::{Compare, State};
use super::{Attack, Command, Reach};
use crate::attack::{AttackSettings, Goal, Method, Norm, Parameter, Threat};
use crate::desktop::feature::Desk;

impl Attack {
    /// Attacks `image` at once, until a wrong caption wins, or `caption`.
    pub(super) fn break_pair(
        &mut self,
        desk: &mut Desk<'_, Self>,
        image: usize,
        caption: Option<usize>,
    ) {
        let settings = State::default().settings;
        self.send(desk, image, caption, settings);
        if caption.is_none() {
            self.state.goal = Goal::Lose;
        }
    }

    /// Looks for the smallest change of `image` after which `caption`, one of its own, ranks first.
    pub(super) fn repair_pair(&mut self, desk: &mut Desk<'_, Self>, image: usize, caption: usize) {
        let is_smallest = |m: &Method| m.is_minimal() && m.works_in(Norm::Linf);
        let able = Method::all()
            .filter(is_smallest)
            .filter(|m| self.is_able(desk, *m));
        let best = able.max_by_key(|m| (m.needs_gradient(), m.takes(Parameter::Restarts)));
        // What it finds counts within the radius alone: one that holds whatever it may take.
        let usual = State::default().settings;
        let settings = match best {
            Some(method) => AttackSettings {
                method,
                threat: Threat::linf(WIDEST),
                ..usual
            },
            None => usual,
        };
        self.send(desk, image, Some(caption), settings);
    }

    /// Can the open model be attacked so, as far as is known?
    fn is_able(&self, desk: &Desk<'_, Self>, method: Method) -> bool {
        let blocked = matches!(self.state.reach(desk.session.now()), Reach::Blocked(_));
        !blocked || !method.needs_gradient()
    }

    /// Takes the picture to the lab and attacks it there, as soon as all is ready.
    fn send(
        &mut self,
        desk: &mut Desk<'_, Self>,
        image: usize,
        caption: Option<usize>,
        mut settings: AttackSettings,
    ) {
        if !self.is_able(desk, settings.method) {
            settings.method = Method::without_gradient();
        }
        self.state.settings = settings;
        self.state.own_size = false;
        self.take_pair(desk, image, caption);
        self.state.looks.compare = Compare::Blink;
        self.obey(desk, Command::Run);
    }
}

/// The radius inside which a repair is looked for: a change that everybody sees.
const WIDEST: f32 = 64.0 / 255.0;
