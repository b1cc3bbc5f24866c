//! A whole set: attacked, cancelled, resumed, exported.

use super::*;
use nearmiss::attack::RowReport;

#[test]
fn a_set_is_attacked_cancelled_and_resumed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = lab();
    ask(&mut window, AttackCommand::SetGoal(Goal::Lose));
    click(&mut window, "Whole set…");
    let plan = SetPlan {
        which: Which::First(24),
        eps: vec![0.5 / 255.0, 8.0 / 255.0],
        batch: 4,
        ..SetPlan::default()
    };
    ask(&mut window, AttackCommand::SetPlan(Box::new(plan)));
    click_now(&mut window, "Attack the set now");
    let start = Instant::now();
    let some_done = |window: &Window| {
        let job = session(window)
            .jobs
            .iter()
            .find(|j| j.progress.stage.contains("set"));
        job.is_some_and(|j| j.progress.total == 24 && j.progress.done > 0)
    };
    while !some_done(&window) && lab_of(&window).set.running {
        assert!(start.elapsed() < Duration::from_mins(2));
        window.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    if lab_of(&window).set.running {
        click_now(&mut window, "Cancel");
        settle(&mut window);
        std::thread::sleep(Duration::from_secs(1));
        settle(&mut window);
        let &(done, all) = lab_of(&window)
            .set
            .stopped
            .get(now(&window))
            .expect("stopped");
        assert!(done > 0 && done < 24 && all == 24, "{done} of {all}");
        // What is done is shown at once.
        let partial = lab_of(&window)
            .set
            .report
            .get(now(&window))
            .cloned()
            .expect("summed up");
        assert_eq!((partial.images, partial.rows.len()), (done, done));
        assert!(says(&window, &format!("stopped: {done} of 24 pictures")));
        click(&mut window, "Resume");
    }
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let report = lab_of(&window)
        .set
        .report
        .get(now(&window))
        .cloned()
        .expect("a report");
    assert_eq!(
        (report.images, report.levels.len(), report.rows.len()),
        (24, 2, 24)
    );
    let [small, large] = &report.levels[..] else {
        panic!("two levels")
    };
    assert!(small.success_rate <= large.success_rate);
    for (figure, clean) in &report.clean_at.values {
        let robust = large
            .robust
            .get(figure.side, figure.k)
            .expect("attacked for");
        assert!(robust < *clean, "8/255 costs {figure}");
    }
    assert_eq!(report.clean_at.values.len(), 6);
    // What is drawn is what was computed; a click takes the picture to the lab.
    let broken = |r: &&RowReport| r.smallest_eps.is_some_and(|eps| eps > 0.0);
    let row = report.rows.iter().find(broken).expect("one breaks");
    assert!(says(
        &window,
        &format!(
            "picture {}, rank {} then {}",
            row.name, row.rank_before, row.rank_after
        )
    ));
    let path = folder.path().join("set.json");
    ask(&mut window, AttackCommand::ExportSet(Some(path.clone())));
    let saved: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("written")).expect("JSON");
    assert_eq!(saved["rows"].as_array().map(Vec::len), Some(24));
    let table = std::fs::read_to_string(folder.path().join("set.csv")).expect("written");
    assert_eq!(table.lines().count(), 25);
    a_row_leads_to_the_lab(&mut window, row);
}

fn a_row_leads_to_the_lab(window: &mut Window, row: &RowReport) {
    click(window, "Sort by Picture");
    let shown = window.query_all_by(|n| n.label().is_some_and(|l| l.starts_with("picture ")));
    assert!(shown.count() > 2, "the table is sorted, not lost");
    click(window, "Sort by Smallest epsilon");
    click(window, &format!("picture {}", row.name));
    let lab = lab_of(window);
    assert_eq!((lab.image, lab.page), (Some(row.image), LabPage::Picture));
    // What was found of it in the set is found again, at the radius that broke it there.
    let found = lab.last(now(window)).expect("attacked again");
    assert!(found.result.after.verdict.fooled);
    assert_eq!(Some(found.result.settings.threat.eps), row.smallest_eps);
    assert!(found.result.after.rank > 1);
    assert!(says(window, "kept: step"));
    let warned = session(window).log.iter();
    assert!(
        !warned
            .into_iter()
            .any(|e| e.text.contains("did not end as it did"))
    );
}
