//! Runs that forget, beside runs that never saw what is forgotten.

use crate::learn::runs::{embedded, ground, setup, trained};
use nearmiss::compute::Cpu;
use nearmiss::compute::train::{Activation, Hidden};
use nearmiss::learn::forget::{Asked, Chosen, FIGURES, Table, headline, study};
use nearmiss::learn::{Course, Finish, Ground, Split, Start, train};
use nearmiss::task::Task;

const GONE: [u32; 4] = [2, 7, 19, 33];

#[test]
fn a_study_measures_what_it_says_and_seeds_make_bands() {
    let ground = ground(&[]);
    let chosen = Chosen::of(&ground, &GONE).unwrap();
    let task = Task::detached();
    let studies: Vec<_> = (1..=3)
        .map(|seed| {
            let mut setup = setup("infonce");
            setup.seed = seed;
            let run = trained(&ground, &setup);
            let asked = Asked {
                energy: 0.8,
                ..Asked::default()
            };
            let studied = study(&Cpu, &ground, &run, &chosen, &asked, &task).unwrap();
            assert!(studied.notes.is_empty(), "{:?}", studied.notes);
            // The heads that never saw them are those of a training on the rest, to the bit.
            let kept: Vec<u32> = (0..45).filter(|image| !GONE.contains(image)).collect();
            let split = Split::new(kept, (45..60).collect(), 60, String::new()).unwrap();
            let rest = Ground::new(&embedded(1), split, &[]).unwrap();
            assert_eq!(studied.without.learned, trained(&rest, &setup).learned);
            let [before, _, without] = &studied.states;
            // Recall held out is that of the runs.
            let last = |run: &nearmiss::learn::Run| run.last().unwrap().valid.i2t[0];
            assert_eq!(before.get("valid_i2t_r1").unwrap(), last(&run));
            assert_eq!(without.get("valid_i2t_r1").unwrap(), last(&studied.without));
            // Rankings are as themselves.
            for key in ["overlap_forgotten_i2t", "overlap_retained_t2i"] {
                assert!((without.get(key).unwrap() - 1.0).abs() < 1e-12);
                assert!(before.get(key).unwrap() < 1.0);
            }
            for state in &studied.states {
                assert!((0.0..=1.0).contains(&state.get("membership").unwrap()));
                assert_eq!(state.values().len(), FIGURES.len());
            }
            studied
        })
        .collect();
    let table = Table::of(&studies).unwrap();
    for (n, row) in table.rows.iter().enumerate() {
        let of = |state: usize| studies.iter().map(move |s| s.states[state].values()[n]);
        let mean = of(1).sum::<f64>() / 3.0;
        assert!((row.bands[1].mean - mean).abs() < 1e-9);
        let less = of(1).zip(of(2)).map(|(a, b)| a - b).sum::<f64>() / 3.0;
        assert!((row.less[1].mean - less).abs() < 1e-9);
        assert!(row.bands.iter().all(|band| band.half.is_some()));
    }
    let said = headline(&table);
    let membership = table.row("membership").unwrap();
    assert_eq!(
        said.matches("not settled").count(),
        [table.row("forgotten_i2t_r1").unwrap(), membership]
            .iter()
            .filter(|row| !row.less[1].is_settled())
            .count(),
        "{said}"
    );
    let alone = Table::of(&studies[..1]).unwrap();
    assert!(headline(&alone).contains("one seed does not settle"));
    assert!(Table::of(&[]).is_none());
}

#[test]
fn what_cannot_be_forgotten_is_refused_with_what_to_do() {
    let ground = ground(&[]);
    let refused = |images: &[u32], word: &str| {
        let error = Chosen::of(&ground, images).err().expect("refused");
        assert!(error.to_string().contains(word), "{error}");
        assert!(!error.remedy().is_empty());
    };
    refused(&[], "nothing to forget");
    refused(&[3, 50], "not among the 45");
    refused(&[3, 50, 999], "2 of the 3 images");
    refused(&(0..45).collect::<Vec<u32>>(), "0 images would be retained");
    refused(&(0..44).collect::<Vec<u32>>(), "1 image would be retained");

    let task = Task::detached();
    let chosen = Chosen::of(&ground, &[3]).unwrap();
    let mut run = trained(&ground, &setup("mh"));
    let try_ = |change: &dyn Fn(&mut nearmiss::learn::Run), asked: Asked, word: &str| {
        let mut other = run.clone();
        change(&mut other);
        let error = study(&Cpu, &ground, &other, &chosen, &asked, &task).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        assert!(!error.remedy().is_empty());
    };
    let usual = Asked::default();
    try_(&|run| run.mark = "other".into(), usual, "other embeddings");
    try_(&|run| run.finish = Finish::Stopped, usual, "did not end");
    try_(
        &|run| run.setup.loss = "order".parse().unwrap(),
        usual,
        "order embeddings",
    );
    try_(
        &|run| {
            run.setup.head.hidden = Some(Hidden {
                width: 4,
                activation: Activation::Relu,
            });
        },
        usual,
        "hidden layer",
    );
    for (energy, rate, steps) in [
        (0.0, 0.01, 1),
        (1.1, 0.01, 1),
        (f64::NAN, 0.01, 1),
        (0.9, 0.0, 1),
        (0.9, f64::NAN, 1),
        (0.9, 0.01, 0),
    ] {
        let asked = Asked {
            energy,
            rate,
            steps,
            loss: None,
        };
        assert!(asked.check().is_err(), "{asked:?}");
    }
    // What is retained fills all directions at an energy of 1.
    let whole = Asked {
        energy: 1.0,
        ..usual
    };
    try_(&|_| (), whole, "no step is left");
    let ordered = Asked {
        loss: Some("order".parse().unwrap()),
        ..usual
    };
    try_(&|_| (), ordered, "by order");
    run.legs.push(3);
    let noted = study(&Cpu, &ground, &run, &chosen, &usual, &task).unwrap();
    assert!(noted.notes.iter().any(|note| note.contains("went on")));
}

#[test]
fn a_run_that_started_elsewhere_is_told() {
    let ground = ground(&[]);
    let setup = setup("mh");
    let mut other = setup.clone();
    other.seed = 77;
    let course = Course {
        engine: &Cpu,
        ground: &ground,
        setup: &setup,
        before: None,
        order: None,
        mined: None,
    };
    let task = Task::detached();
    let start = Start::Random.learned(&other).unwrap();
    let run = train(course, start, &mut |_| true, &task).unwrap();
    let chosen = Chosen::of(&ground, &[3]).unwrap();
    let found = study(&Cpu, &ground, &run, &chosen, &Asked::default(), &task).unwrap();
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.contains("did not start"))
    );
}

#[test]
fn twins_of_what_is_forgotten_are_told() {
    // Image 1 is image 0, and so are its captions.
    let set = embedded(1);
    let rows: Vec<u32> = (0..60).map(|i: u32| i.max(1)).collect();
    let texts: Vec<u32> = (0..180)
        .map(|j: u32| if j < 3 { j + 3 } else { j })
        .collect();
    let twins = nearmiss::compute::Embedded::new(
        set.images.gather(&rows),
        set.texts.gather(&texts),
        nearmiss::compute::Groups::uniform(60, 3),
    )
    .unwrap();
    let split = Split::ranges(0..45, 45..60, 60).unwrap();
    let ground = Ground::new(&twins, split, &[]).unwrap();
    let chosen = Chosen::of(&ground, &[0]).unwrap();
    assert!(
        chosen.notes[0].starts_with("1 retained image with"),
        "{:?}",
        chosen.notes
    );
    assert!(
        chosen.notes[1].starts_with("3 retained captions with"),
        "{:?}",
        chosen.notes
    );
    assert!(Chosen::of(&ground, &[5]).unwrap().notes.is_empty());
}
