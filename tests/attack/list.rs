//! What the attacks say of themselves: the guide's table, what a step costs, the norms they work in.

use nearmiss::attack::{
    AscentLoss, AttackSettings, Method, Norm, Outcome, Parameter, Space, Threat, Unwatched,
    ValueAndGradient, Verdict, Victim, run, table,
};
use nearmiss::compute::{Cpu, Grid};
use nearmiss::error::Result;
use nearmiss::task::Task;
use std::path::Path;

/// More classes than any attack has runner-ups.
const CLASSES: usize = 12;

/// A model of twelve linear scores that is never fooled, so that every attack does all its steps.
struct Firm {
    grid: Grid,
}

impl Firm {
    /// Weight of value `i` in the score of class `k`.
    fn weight(k: usize, i: usize) -> f32 {
        ((k * 37 + i * 11) % 17) as f32 / 17.0 - 0.5
    }

    fn score(k: usize, x: &[f32]) -> f32 {
        let terms = x.iter().enumerate().map(|(i, v)| v * Self::weight(k, i));
        terms.sum::<f32>() + if k == 0 { 9.0 } else { 0.0 }
    }

    fn verdict(x: &[f32]) -> Verdict {
        let wrong = (1..CLASSES).map(|k| Self::score(k, x));
        Verdict {
            right: Self::score(0, x),
            wrong: wrong.fold(f32::NEG_INFINITY, f32::max),
            fooled: false,
        }
    }
}

impl Victim for Firm {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn has_gradient(&self) -> bool {
        true
    }

    fn predict(&mut self, _: &[usize], x: &[f32], _: &Task) -> Result<Vec<Verdict>> {
        Ok(x.chunks(self.grid.len()).map(Self::verdict).collect())
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        ascent: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        let verdicts = self.predict(rows, x, task)?;
        let mut found = ValueAndGradient::default();
        for (at, x) in x.chunks(self.grid.len()).enumerate() {
            let best = |a: &usize, b: &usize| Self::score(*a, x).total_cmp(&Self::score(*b, x));
            let class = match ascent {
                AscentLoss::TargetedMargin(to) | AscentLoss::TargetedDlr(to) => to[at] as usize,
                _ => (1..CLASSES).max_by(best).unwrap(),
            };
            found.loss.push(Self::score(class, x) - Self::score(0, x));
            let slopes = (0..x.len()).map(|i| Self::weight(class, i) - Self::weight(0, i));
            found.gradient.extend(slopes);
        }
        found.verdicts = verdicts;
        Ok(found)
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        _: &[f32],
        k: usize,
        _: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        Ok(vec![(1..CLASSES as u32).take(k).collect(); rows.len()])
    }
}

/// Attacks one grey picture.
fn attacked(settings: &AttackSettings) -> Result<Outcome> {
    let grid = Grid {
        rows: 1,
        channels: 1,
        height: 8,
        width: 8,
    };
    let space = Space::pictures(grid, vec![0.5; grid.total()], &settings.threat, vec![0])?;
    let mut victim = Firm { grid };
    run(
        &mut victim,
        &space,
        settings,
        &Cpu,
        &mut Unwatched,
        &Task::detached(),
    )
}

fn settings(method: Method, norm: Norm, steps: usize) -> AttackSettings {
    let eps = if norm.is_like(Norm::L0) { 3.0 } else { 0.1 };
    AttackSettings {
        method,
        threat: Threat {
            norm,
            eps,
            ..Threat::default()
        },
        steps: Some(steps),
        ..AttackSettings::default()
    }
}

#[test]
fn a_step_costs_what_is_said() {
    for method in Method::all() {
        let Some(cost) = method.description().cost else {
            continue;
        };
        let work = |steps: usize| {
            let found = attacked(&settings(method, Norm::Linf, steps)).unwrap();
            (found.gradients[0] as usize, found.queries[0] as usize)
        };
        let (few, many) = (work(20), work(30));
        let more = (many.0 - few.0, many.1 - few.1);
        match method.name() {
            // One step, whatever is asked for; no start is found for a model that is never fooled.
            "fgsm" | "hop-skip-jump" => {
                assert!(more.0 <= 10 * cost.gradients && more.1 <= 10 * cost.queries);
            }
            name => assert_eq!(more, (10 * cost.gradients, 10 * cost.queries), "{name}"),
        }
    }
}

#[test]
fn norms_that_are_not_named_are_refused() {
    for method in Method::all() {
        for norm in Norm::ALL {
            let found = attacked(&settings(method, norm, 3));
            // Fourier ascent takes the steps of PGD in a box; the command that has boxes alone refuses it.
            let works = method.works_in(norm) || method.name() == "fourier";
            assert_eq!(found.is_ok(), works, "{method:?} in {norm:?}");
        }
    }
}

#[test]
fn only_what_is_named_changes_an_attack() {
    for method in Method::all() {
        // Restarts of the worst case are many steps; its parts are tried by themselves.
        if method.name() == "worst-case" {
            continue;
        }
        let plain = settings(method, Norm::Linf, 4);
        let work = |changed: &AttackSettings| {
            let found = attacked(changed).unwrap();
            (found.x, found.gradients, found.queries)
        };
        let same = work(&plain);
        let changes = [
            (
                Parameter::Step,
                AttackSettings {
                    step: Some(0.07),
                    ..plain.clone()
                },
            ),
            (
                Parameter::Restarts,
                AttackSettings {
                    restarts: 2,
                    ..plain.clone()
                },
            ),
        ];
        for (parameter, changed) in changes {
            let differs = work(&changed) != same;
            assert_eq!(
                differs,
                method.takes(parameter),
                "{method:?}: {parameter:?}"
            );
        }
    }
}

/// `NEARMISS_WRITE_DOCS=1` writes the table anew.
#[test]
fn attacks_of_the_guide() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/guide/reference-attacks.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- attacks -->\n", "<!-- end of attacks -->\n");
    let (before, rest) = text.split_once(begin).expect("the begin of the table");
    let (there, after) = rest.split_once(end).expect("the end of the table");
    let made = table();
    if std::env::var_os("NEARMISS_WRITE_DOCS").is_some() {
        std::fs::write(&path, [before, begin, &made, end, after].concat()).unwrap();
        return;
    }
    assert_eq!(
        there, made,
        "the guide's table of attacks is out of date: run this test with NEARMISS_WRITE_DOCS=1"
    );
}
