//! Each touch names the version of the rules that was live when it was decided.

use super::{Case, End};

impl Case<'_> {
    pub(super) fn check_versions(&mut self) {
        let observed = self.observed;
        for (touch, seen) in &observed.touches {
            let live = &self.around.live;
            let place = live.iter().position(|(_, number)| Some(*number) == seen.version);
            let Some(place) = place else {
                self.accuse(
                    touch,
                    format!("names version {:?}, which was never live", seen.version),
                );
                continue;
            };
            let since = live[place].0;
            let until = live.get(place + 1).map_or(i64::MAX, |(at, _)| *at);
            // What ends without going out is told as of when it was over; that is found
            // at the next look.
            let is_early = seen.end == End::Sent && seen.at < since;
            if is_early || seen.at >= until {
                let why = format!(
                    "names version {:?}, live from {since} to {until}, and is of {}",
                    seen.version, seen.at
                );
                self.accuse(touch, why);
            }
        }
    }
}
