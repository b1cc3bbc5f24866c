//! The jobs of the laboratory of linear classifiers.

use super::drawing::{pixels, signed, spectrum};
use super::form::Form;
use super::state::{Line, Shown, Studied, Worst};
use super::{Command, Event, LinearLab, Slot, slot_of};
use crate::compute::Embedded;
use crate::dataset::Dataset;
use crate::desktop::core::{JobSlot, Level};
use crate::desktop::feature::Desk;
use crate::encoder::Encoder;
use crate::error::Result;
use crate::learn::concepts::{Groups, Members, On, Sources, Taken, two_groups, zero_shot};
use crate::learn::linear::study::{Asked, Classifier, Ran, Study, classifier_of, farthest, study};
use crate::learn::linear::{MaxMargin, Moment, Norm, RobustCurve};
use crate::task::{Task, aside};
use std::sync::Arc;

/// What a job studies.
struct Work {
    dataset: Arc<Dataset>,
    embedded: Option<Embedded>,
    encoder: Option<Arc<Encoder>>,
    members: [Members; 2],
    form: Form,
    asked: Asked,
}

impl LinearLab {
    /// Studies the groups as the form says.
    pub(super) fn study(&mut self, desk: &mut Desk<'_, Self>) {
        if Self::is_studying(desk) {
            return;
        }
        let form = self.state.form.clone();
        let session = &desk.session;
        let Some(dataset) = session.dataset().cloned() else {
            return;
        };
        let [first, second] = [0, 1].map(|n| form.groups[n].members(session));
        let made = (|| Ok::<_, crate::error::Error>(([first?, second?], form.asked()?)))();
        let (members, asked) = match made {
            Ok(made) => made,
            Err(error) => {
                desk.session
                    .say(Level::Warning, error.to_string(), error.remedy());
                return;
            }
        };
        let work = Work {
            embedded: session.embedded().cloned(),
            encoder: desk.encoder.clone(),
            dataset,
            members,
            form,
            asked,
        };
        let title = format!(
            "{} against {}",
            work.members[0].title(),
            work.members[1].title()
        );
        let slot = slot_of(&work.form.on);
        let told = work.form.told();
        let again = [
            Command::SetForm(Box::new(work.form.clone())),
            Command::Study,
        ];
        desk.began(
            slot,
            "Linear study",
            format!("{title}: {told}"),
            slot.parts(),
            again,
        );
        desk.start(slot, title, move |task| {
            let studied = aside(|| work.run(task))?;
            Ok(Event::Studied(Arc::new(studied)))
        });
    }

    fn is_studying(desk: &Desk<'_, Self>) -> bool {
        [Slot::Study, Slot::StudyEmbedded, Slot::StudyLayer]
            .into_iter()
            .any(|slot| desk.is_running(slot))
    }

    /// Finds the worst changes of the row that is looked at, once for each.
    pub(super) fn find_worst(&mut self, desk: &mut Desk<'_, Self>) {
        let now = desk.session.now();
        let Some(studied) = self.state.studied(now).cloned() else {
            return;
        };
        let of = (self.state.shown, self.state.line);
        let row = self.state.row;
        if row >= studied.images.len() {
            return;
        }
        let known = self.state.worst(now).is_some();
        if known || self.worst_asked == Some((of, row)) || self.state.looked_at(&studied).is_none()
        {
            return;
        }
        self.worst_asked = Some((of, row));
        desk.start(Slot::Worst, "Worst changes", move |_| {
            let worst = worst(&studied, of, row)?;
            Ok(Event::Worst(Arc::new(worst)))
        });
    }
}

impl Work {
    fn sources(&self) -> Sources<'_> {
        Sources {
            dataset: &self.dataset,
            embedded: self.embedded.as_ref(),
            encoder: self.encoder.as_deref(),
        }
    }

    fn run(self, task: &Task) -> Result<Studied> {
        let [first, second] = &self.members;
        let on = &self.form.on;
        let taken = Taken {
            most: Some(self.form.most),
            // The captions' classifier is one of embeddings as they are.
            centred: self.form.centred && *on != On::Embeddings,
        };
        let groups = two_groups(self.sources(), [first, second], on, taken, task)?;
        let Groups {
            problem,
            images,
            titles,
            on,
            mean,
            mut notes,
        } = groups;
        let study = study(Arc::new(problem), &self.asked, &mut |_, _| {}, task)?;
        notes.extend(study.notes.clone());
        let mut methods: Vec<Line> = study.runs.iter().map(|ran| method(ran, &study)).collect();
        if on == On::Embeddings {
            match self.zero_shot(&study, &images) {
                Ok(classifier) => methods.push(Line {
                    title: "Captions".into(),
                    about: "zero-shot, no training".into(),
                    method: None,
                    own: None,
                    classifier,
                    drawn: Default::default(),
                    history: Vec::new(),
                }),
                Err(error) => notes.push(format!("The captions make no classifier: {error}.")),
            }
        }
        let penalties = study.shrunk.iter().map(|shrunk| Line {
            title: format!("{} penalty", dual(shrunk.norm)),
            about: format!("{} x the largest margin", shrunk.multiple),
            method: None,
            own: Some(shrunk.norm),
            classifier: shrunk.classifier.clone(),
            drawn: Default::default(),
            history: Vec::new(),
        });
        let mut penalties: Vec<Line> = penalties.collect();
        let far = Norm::ALL.map(|norm| farthest(&study, norm).max(1e-12));
        for line in methods.iter_mut().chain(&mut penalties) {
            line.drawn = Norm::ALL.map(|norm| {
                let n = norm.index();
                outline(&line.classifier.curves[n], far[n])
            });
        }
        let fourier = study.problem.fourier();
        let shape = fourier.shape();
        let drawn = methods.iter().chain(&penalties).map(|line| {
            let weights = &line.classifier.weights;
            Ok([signed(weights, shape)?, spectrum(weights, fourier)?])
        });
        let drawn = drawn.collect::<Result<_>>()?;
        Ok(Studied {
            form: self.form,
            members: self.members,
            titles,
            on,
            images,
            mean,
            methods,
            penalties,
            notes,
            drawn,
            far,
            study,
        })
    }

    fn zero_shot(&self, study: &Study, images: &[u32]) -> Result<Classifier> {
        let [first, second] = &self.members;
        let (own, other) = images.split_at(study.sizes()[0]);
        let weights = zero_shot(self.sources(), [first, second], [own, other])?;
        classifier_of(&study.problem, weights, &study.best)
    }
}

fn method(ran: &Ran, study: &Study) -> Line {
    let fractions = |moment: &Moment| -> [Option<f64>; 4] {
        Norm::ALL.map(|norm| {
            let best: Option<&MaxMargin> = study.best(norm);
            best.map(|best| moment.margins[norm.index()] / best.value)
        })
    };
    let history = ran.trained.history.iter();
    Line {
        title: ran.method.title().into(),
        about: format!(
            "{} steps",
            crate::error::thousands(ran.trained.last().map_or(0, |last| last.step))
        ),
        method: Some(ran.method),
        own: Some(ran.method.norm()),
        classifier: ran.classifier.clone(),
        drawn: Default::default(),
        history: history
            .map(|moment| ((moment.step as f64).ln(), fractions(moment)))
            .collect(),
    }
}

/// Steps of a curve that are told apart.
const STEPS: f64 = 500.0;

/// The corners of a curve up to `far`, in per cent, and where half of the rows are left.
fn outline(curve: &RobustCurve, far: f64) -> (Vec<[f64; 2]>, [f64; 2]) {
    let mut corners: Vec<[f64; 2]> = Vec::new();
    for [x, y] in curve
        .corners()
        .into_iter()
        .filter(|corner| corner[0] <= far)
    {
        let y = 100.0 * y;
        match corners.last_mut() {
            // Down further at once, as far as can be seen.
            Some(last) if last[1] > y && x - last[0] < far / STEPS => last[1] = y,
            Some(last) if last[1] == y && x - last[0] < far / STEPS => {}
            _ => corners.push([x, y]),
        }
    }
    let end = 100.0 * curve.accuracy(far);
    if let Some(last) = corners.last().copied().filter(|last| last[1] != end) {
        corners.push([last[0], end]);
    }
    corners.push([far, end]);
    let radii = curve.radii();
    let half = radii.get(radii.len().saturating_sub(1) / 2).copied();
    let x = half.unwrap_or(far).clamp(0.0, far * 0.985);
    (corners, [x, 100.0 * curve.accuracy(x)])
}

/// What a penalty in the dual of a norm is called.
fn dual(norm: Norm) -> &'static str {
    match norm {
        Norm::L2 => "l2",
        Norm::Linf => "l1",
        Norm::L1 => "l-inf",
        Norm::FourierLinf => "Fourier l1",
    }
}

fn worst(studied: &Arc<Studied>, of: (Shown, usize), row: usize) -> Result<Worst> {
    let problem = &studied.study.problem;
    let line = &studied.lines(of.0)[of.1];
    let weights = &line.classifier.weights;
    let shape = problem.fourier().shape();
    let is_picture = matches!(studied.on, On::Pixels { .. });
    let mut radii = [0.0; 4];
    let mut drawn = Vec::new();
    let clean = problem.row(row)?;
    for norm in Norm::ALL {
        let radius = problem.radii(weights, norm)?[row];
        radii[norm.index()] = radius;
        let delta = problem.worst_case(weights, norm, row)?;
        let changed: Vec<f64> = clean
            .iter()
            .zip(&delta)
            .zip(&studied.mean)
            .map(|((clean, delta), mean)| clean + mean + radius.max(0.0) * delta)
            .collect();
        drawn.push([signed(&delta, shape)?, pixels(&changed, shape)]);
    }
    Ok(Worst {
        about: Arc::clone(studied),
        of,
        row,
        radii,
        drawn: drawn.try_into().ok().filter(|_| is_picture),
    })
}
