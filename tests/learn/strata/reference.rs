//! Against independent float64 results.

use super::lab::{COUNTS, Lab, expected, float, form_name, labels, largest, off, values};
use nearmiss::learn::strata::{
    Descent, Form, Gradients, Strata, descend, peers, redundancies, variances,
};
use nearmiss::task::Task;

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn factors_are_those_of_the_reference() {
    let lab = Lab::new();
    let factors = lab.factors("initial");
    let own = largest(&factors.own, &values("own_factor.npy"));
    let negative = largest(&factors.negative, &values("negative_factor.npy"));
    let losses = largest(&factors.losses, &values("pair_loss.npy"));
    println!("own {own:.2e}, negative {negative:.2e}, losses {losses:.2e}");
    assert!(own < 1e-5 && negative < 1e-5 && losses < 1e-5);
    let images = |pairs: &[u32]| -> Vec<u32> { pairs.iter().map(|&n| n / 5).collect() };
    assert_eq!(images(&factors.hardest_image), labels("negative_image.npy"));
    assert_eq!(
        images(&factors.hardest_text),
        labels("negative_caption_image.npy")
    );
    assert_eq!(factors.alone, 0);
    let expected = expected();
    for state in ["initial", "trained"] {
        let factors = lab.factors(state);
        let told = &expected[state];
        let gap = off(factors.mean_loss(), float(&told["mean_loss"]));
        println!("{state}: mean loss off by {gap:.2e}");
        assert!(gap < 1e-9);
        for form in Form::ALL {
            let gradients = factors.gradients(form).unwrap();
            let one = Strata::new(vec![0; 4_000], 1).unwrap();
            let all = variances(&gradients, &one, &Task::detached()).unwrap();
            let told = &told[form_name(form)];
            let square = gradients.squares().iter().sum::<f64>() / 4_000.0;
            let normalised = all.normalised(all.single).unwrap();
            for (ours, name) in [
                (all.single, "single_draw_variance"),
                (all.mean_square, "mean_gradient_norm2"),
                (normalised, "normalised_variance"),
                (square, "mean_squared_norm"),
            ] {
                let gap = off(ours, float(&told[name]));
                println!("{state} {} {name}: {gap:.2e}", form_name(form));
                assert!(gap < 1e-6);
            }
        }
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn given_strata_have_the_variances_of_the_reference() {
    let (lab, expected, task) = (Lab::new(), expected(), Task::detached());
    let mut worst: f64 = 0.0;
    for state in ["initial", "trained"] {
        let factors = lab.factors(state);
        for form in Form::ALL {
            let gradients = factors.gradients(form).unwrap();
            for count in COUNTS {
                let told = &expected[state][format!("{}_strata", form_name(form))];
                let told = &told[format!("K{count}")];
                let kinds = told["strata"].as_object().unwrap();
                for (kind, told_of) in kinds {
                    // Values of the trained heads are told of other strata than those that are stored.
                    let suffix = match (kind.as_str(), form) {
                        ("gradient", Form::Exact) => "gradient_exact",
                        (kind, _) => kind,
                    };
                    if state == "trained" && kind.contains("gradient") {
                        continue;
                    }
                    // This one value is of other random strata than those that are stored: 1.5e-5 off, as a computation
                    // from the written-out gradients is too.
                    let other = (state, form, count, kind.as_str());
                    if other == ("trained", Form::Exact, 16, "random") {
                        continue;
                    }
                    let labels = labels(&format!("strata_K{count}_{suffix}.npy"));
                    let strata = Strata::new(labels, count).unwrap();
                    let ours = variances(&gradients, &strata, &task).unwrap();
                    let gaps = [
                        (ours.objective, &told_of["objective"]),
                        (ours.stratified, &told_of["variance"]),
                        (ours.uniform, &told["uniform_with_replacement"]),
                        (
                            ours.without_replacement,
                            &told["uniform_without_replacement"],
                        ),
                    ];
                    for (ours, theirs) in gaps {
                        let gap = off(ours, float(theirs));
                        worst = worst.max(gap);
                        assert!(
                            gap < 1e-6,
                            "{state} {form:?} {count} {kind}: {ours} {theirs}"
                        );
                    }
                    let ratio = 1.0 + ours.above_uniform(ours.stratified).unwrap();
                    assert!(off(ratio, float(&told_of["ratio_to_uniform"])) < 1e-6);
                }
            }
        }
    }
    println!("worst relative difference {worst:.2e}");
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn own_strata_are_as_good_as_the_best_of_the_reference() {
    let (lab, expected, task) = (Lab::new(), expected(), Task::detached());
    for state in ["initial", "trained"] {
        let factors = lab.factors(state);
        for form in Form::ALL {
            let gradients = factors.gradients(form).unwrap();
            for count in COUNTS {
                let told = &expected[state][format!("{}_strata", form_name(form))];
                let best = float(&told[format!("K{count}")]["gradient_objective_restarts"]["best"]);
                let descent = Descent {
                    strata: count,
                    seed: 7,
                    ..Descent::default()
                };
                let begun = std::time::Instant::now();
                let found = descend(&gradients, &descent, None, &task).unwrap();
                let variances = variances(&gradients, &found.strata, &task).unwrap();
                let less = variances.above_uniform(variances.stratified).unwrap();
                println!(
                    "{state} {form:?} K {count}: {:.5} of the best, {} sweeps, moved {:?}, {:.2} s; {:+.2} %",
                    found.objective / best,
                    found.sweeps,
                    found.moved,
                    begun.elapsed().as_secs_f64(),
                    100.0 * less
                );
                assert!(found.settled && found.objective <= 1.005 * best);
                assert!(off(variances.stratified * 1.6e7, found.objective) < 1e-9);
                assert!(found.strata.sizes().iter().all(|&size| size > 0));
                if form == Form::Signal {
                    assert!((-0.15..-0.05).contains(&less));
                }
            }
        }
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn duplicates_end_without_variance() {
    let (lab, expected, task) = (Lab::new(), expected(), Task::detached());
    let gradients = lab.factors("initial").gradients(Form::Signal).unwrap();
    for (name, counts) in [("m32_r5", [16, 32, 40]), ("m50_r3", [25, 50, 58])] {
        let pairs = labels(&format!("duplicates_{name}.npy"));
        let copies = gradients.gather(&pairs).unwrap();
        for count in counts {
            let told = &expected["duplicates"][name][format!("K{count}")];
            let descent = Descent {
                strata: count,
                restarts: 24,
                ..Descent::default()
            };
            let found = descend(&copies, &descent, None, &task).unwrap();
            let all = variances(&copies, &found.strata, &task).unwrap();
            let filled = found.strata.sizes().iter().filter(|&&n| n > 0).count();
            println!(
                "{name} K {count}: {:.3e} (reference {}), uniform {}, {filled} filled",
                all.stratified, told["variance"], all.uniform
            );
            assert_eq!(filled as u64, told["nonempty"].as_u64().unwrap());
            assert!(off(all.uniform, float(&told["uniform"])) < 1e-6);
            if float(&told["variance"]) == 0.0 {
                assert!(all.stratified < 1e-12);
            } else {
                assert!(all.stratified <= 1.005 * float(&told["variance"]));
            }
        }
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn peers_are_as_good_as_their_references() {
    let (lab, expected, task) = (Lab::new(), expected(), Task::detached());
    let factors = lab.factors("initial");
    for form in Form::ALL {
        let gradients = factors.gradients(form).unwrap();
        for count in COUNTS {
            let told = &expected["initial"][format!("{}_strata", form_name(form))];
            let told = &told[format!("K{count}")];
            let sd = float(&told["random_strata_sd"]);
            for seed in 0..5 {
                let strata = peers::random(4_000, count, seed).unwrap();
                let all = variances(&gradients, &strata, &task).unwrap();
                let away = (all.stratified - all.without_replacement) / sd;
                println!("random {form:?} {count}: {away:+.2} sd");
                assert!(away.abs() < 4.0);
            }
        }
    }
    let signal = factors.gradients(Form::Signal).unwrap();
    let points = [
        (
            "image",
            peers::by_image(&lab.images, 256, &lab.owners).unwrap(),
        ),
        (
            "pair",
            peers::by_both(&lab.images, &lab.texts, 256, &lab.owners).unwrap(),
        ),
        ("gradient", signal.clone()),
    ];
    for count in COUNTS {
        for (kind, points) in &points {
            let theirs = labels(&format!("strata_K{count}_kmeans_{kind}.npy"));
            let theirs = inertia(points, &Strata::new(theirs, count).unwrap());
            let begun = std::time::Instant::now();
            let strata = peers::kmeans(points, count, 10, 1, &task).unwrap();
            let seconds = begun.elapsed().as_secs_f64();
            let ours = inertia(points, &strata);
            let above = variances(&signal, &strata, &task).unwrap();
            println!(
                "kmeans {kind} {count}: inertia {:.4} of the reference's, {seconds:.2} s, variance {:+.1} %",
                ours / theirs,
                100.0 * above.above_uniform(above.stratified).unwrap()
            );
            assert!(ours < 1.05 * theirs);
            assert!(strata.sizes().iter().all(|&size| size > 0));
        }
    }
}

fn inertia(points: &Gradients, strata: &Strata) -> f64 {
    let all = redundancies(points, strata, None, &Task::detached()).unwrap();
    all.iter().map(|stratum| stratum.scatter).sum()
}
