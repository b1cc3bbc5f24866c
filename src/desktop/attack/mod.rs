//! The attack lab: how little it takes until the model prefers a wrong caption.

mod command;
mod drawing;
mod errand;
mod execute;
mod export;
mod heat;
mod jobs;
mod palette;
mod repeat;
mod results;
mod state;
mod textures;
mod told;
mod view;
mod words;
mod work;

pub use command::{Choice, Command};
pub use repeat::Repeat;
pub use state::{
    Attempt, Clean, Compare, Curve, Heat, LabPage, Looks, Reach, Running, SetLab, SetPlan, State,
    Vocabulary, Which, WordsLab, WordsPlan,
};
pub use textures::{Legend, Texture, Textures};

use crate::attack::caption::{Importance, Substitution};
use crate::attack::{self, Goal, Mask, Network, Saliency, SaliencyKind, SetReport};
use crate::dataset::{Dataset, Picture};
use crate::desktop::core::{self, Basis, Change, Derived, JobSlot, Part, Tab};
use crate::desktop::feature::{Desk, Ended, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use egui::{ColorImage, Context, Ui};
use heat::{Painted, Painter};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The attack lab.
pub struct Attack {
    state: State,
    work: Work,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Opening the image model for attacks.
    Network,
    /// Reading the picture under attack.
    Clean,
    /// Attacking a picture.
    Attack,
    /// Making the lab's pictures.
    Textures,
    /// Making a saliency map.
    Saliency,
    /// Reading a mask.
    Mask,
    /// Weighing the words of a caption.
    Weigh,
    /// Looking for words to exchange.
    Words,
    /// Attacking a set.
    AttackSet,
    /// The figures of a set that was cancelled.
    PartialSet,
    /// Writing what the lab found.
    Export,
    /// A file dialog.
    Dialog,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Network => &[Part::Encoder],
            Self::Clean
            | Self::Attack
            | Self::Textures
            | Self::Saliency
            | Self::Weigh
            | Self::Words
            | Self::AttackSet
            | Self::PartialSet => &[Part::Data, Part::Encoder, Part::Embeddings],
            Self::Mask | Self::Export | Self::Dialog => &[],
        }
    }

    fn is_quiet(self) -> bool {
        matches!(
            self,
            Self::Clean | Self::Textures | Self::Weigh | Self::Dialog
        )
    }

    fn writes(self) -> bool {
        matches!(self, Self::AttackSet | Self::Export)
    }
}

/// What its jobs report.
pub enum Event {
    /// The image model is ready to be attacked.
    Network(Arc<Network>),
    /// The picture was read.
    Clean {
        /// What is to be attacked.
        clean: Clean,
        /// As its file has it.
        picture: Arc<Picture>,
        /// To be drawn.
        original: ColorImage,
    },
    /// An attack is done.
    Attacked(Attempt),
    /// The lab's pictures are made.
    Textures {
        /// What they show.
        key: TexturesKey,
        /// With the perturbation.
        adversarial: Option<ColorImage>,
        /// What lies between, amplified.
        difference: Option<ColorImage>,
        /// The heatmap.
        heat: Option<Painted>,
    },
    /// A saliency map is made.
    Saliency(Arc<Saliency>),
    /// A mask was read.
    Mask(Mask),
    /// The words of this caption are weighed.
    Weighed(usize, Arc<Importance>),
    /// Words to exchange were looked for.
    Words(usize, WordsPlan, Arc<Substitution>),
    /// A set is done.
    Set(Arc<SetReport>),
    /// The figures of what is done of a set that was cancelled.
    Partial(Option<Arc<SetReport>>),
    /// Something was written here.
    Exported(PathBuf),
    /// A file or folder was chosen.
    Chosen(Choice, Vec<PathBuf>),
}

/// What the lab's pictures show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TexturesKey {
    image: usize,
    own_size: bool,
    /// Which attack: the address of its result, 0 for none.
    result: usize,
    /// Steps of the attack under way.
    live: usize,
    heat: Heat,
    amplify: u32,
    /// Which saliency map: its address, 0 for none.
    map: usize,
}

/// What a saliency map is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
struct MapKey {
    image: usize,
    own_size: bool,
    goal: Goal,
    target: usize,
    kind: SaliencyKind,
}

/// What is written to a file.
enum Writing {
    /// An attack on a picture of this dataset.
    Attempt(Attempt, Arc<Dataset>),
    /// The figures of a set.
    Set(Arc<SetReport>),
}

impl Writing {
    /// Writes it.
    fn to(self, desk: &mut Desk<'_, Attack>, path: PathBuf) {
        desk.start(Slot::Export, "Exporting", move |_| match &self {
            Self::Attempt(done, dataset) => export::export_attempt(&path, done, dataset),
            Self::Set(report) => export::export_set(&path, report),
        });
    }
}

/// What the lab keeps besides what is shown.
#[derive(Default)]
struct Work {
    network: Derived<Arc<Network>>,
    network_asked: Derived<()>,
    /// The picture under attack as its file has it.
    picture: Option<Arc<Picture>>,
    clean_asked: Derived<(usize, bool)>,
    /// Attack this picture as soon as all that is needed is there.
    run_wanted: Option<usize>,
    /// What is written once its place is chosen.
    writing: Option<Writing>,
    /// The picture that is attacked as the set was, and whether it broke there.
    found: Option<(usize, bool)>,
    painter: Option<Painter>,
    /// The window's own textures that the heatmaps use.
    natives: Vec<egui::TextureId>,
    textures_asked: Option<TexturesKey>,
    live_taken: Option<Instant>,
    /// The mask that the original is shown with.
    veiled: Option<Arc<Vec<bool>>>,
    map: Derived<(MapKey, Arc<Saliency>)>,
    map_asked: Derived<MapKey>,
    weighed_asked: Derived<usize>,
    set_done: Arc<Mutex<attack::Checkpoint>>,
    /// The set under attack, with its second encoder once that is open.
    set_request: Arc<Mutex<Option<attack::SetRequest>>>,
}

impl Attack {
    /// Forgets the pictures shown; the mask over them is made again.
    fn forget_textures(&mut self) {
        self.state.textures = Textures::default();
        self.work.veiled = None;
    }

    /// Forgets what belongs to data and encoder; how to attack and look stays.
    fn forget(&mut self) {
        self.state.clear();
        let old = std::mem::take(&mut self.work);
        self.work.painter = old.painter;
        self.work.natives = old.natives;
        // They are read only while the encoder is the same.
        self.work.network = old.network;
        self.work.network_asked = old.network_asked;
        self.forget_textures();
    }
}

impl Feature for Attack {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Attack",
        hint: "How little it takes: perturb a picture until the model prefers a wrong caption",
        show: "Show the attack lab",
        follows: true,
        is_lab: false,
    };

    fn new() -> Self {
        Self {
            state: State::default(),
            work: Work::default(),
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        self.obey(desk, command);
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        self.take_event(desk, basis, event);
    }

    fn ended(&mut self, desk: &mut Desk<'_, Self>, slot: Slot, how: Ended) {
        if how == Ended::Cancelled {
            self.sum_up(desk, slot);
        }
        self.drop_result(slot);
    }

    fn changed(&mut self, _: &mut Desk<'_, Self>, change: Change) {
        if change == Change::Basis {
            self.forget();
        }
    }

    fn offered(&mut self, desk: &mut Desk<'_, Self>, command: &core::Command) -> bool {
        match *command {
            core::Command::AttackPair { image, caption } => self.take_pair(desk, image, caption),
            core::Command::BreakPair { image, caption } => self.break_pair(desk, image, caption),
            core::Command::RepairPair { image, caption } => self.repair_pair(desk, image, caption),
            core::Command::ShowAttackSet => {
                desk.show(Self::TAB);
                self.state.page = LabPage::Set;
            }
            _ => return false,
        }
        true
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.start_jobs(desk);
    }

    fn pace(&self) -> f32 {
        if self.state.running.is_some() {
            0.066
        } else {
            0.1
        }
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::attack_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("attacks")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(view: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        palette::entries(view)
    }
}
