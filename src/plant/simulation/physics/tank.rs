//! A vertical tank: dV/dt = ΣQ_in − ΣQ_out; its content is mixed and loses heat to the room.
//!
//! Volumes in m³, flows in m³/h, levels in m, temperatures in °C.

/// A tank and its content.
#[derive(Clone, Debug)]
pub struct Tank {
    /// Cross-section, m².
    pub area_m2: f64,
    /// Height to the overflow, m.
    pub height_m: f64,
    /// Content, m³.
    pub volume_m3: f64,
    /// Temperature of the content, °C.
    pub temperature_c: f64,
    /// Time constant of the loss of heat to the room, s.
    pub loss_s: f64,
    /// What ran over since the start, m³.
    pub spilled_m3: f64,
    /// What could not be drawn because the tank was empty, m³.
    pub missing_m3: f64,
}

impl Tank {
    /// One step with flows in m³/h; `inflow_c` is the temperature of what comes in.
    pub fn step(&mut self, dt_s: f64, inflow: f64, outflow: f64, inflow_c: f64, ambient_c: f64) {
        let hours = dt_s / 3600.0;
        let (added, drawn) = (inflow.max(0.0) * hours, outflow.max(0.0) * hours);
        let mixed = self.volume_m3 + added;
        if mixed > 1e-9 {
            let heat = self.volume_m3 * self.temperature_c + added * inflow_c;
            self.temperature_c = heat / mixed;
        }
        self.temperature_c = super::lag(self.temperature_c, ambient_c, self.loss_s, dt_s);
        let after = mixed - drawn;
        let full = self.area_m2 * self.height_m;
        self.spilled_m3 += (after - full).max(0.0);
        self.missing_m3 += (-after).max(0.0);
        self.volume_m3 = after.clamp(0.0, full);
    }

    /// Level, m.
    pub fn level_m(&self) -> f64 {
        self.volume_m3 / self.area_m2
    }

    /// Level, % of the height.
    pub fn percent(&self) -> f64 {
        100.0 * self.level_m() / self.height_m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tank() -> Tank {
        Tank {
            area_m2: 2.0,
            height_m: 3.0,
            volume_m3: 2.0,
            temperature_c: 10.0,
            loss_s: 1e12,
            spilled_m3: 0.0,
            missing_m3: 0.0,
        }
    }

    #[test]
    fn what_flows_in_and_out_is_what_the_level_shows() {
        let mut tank = tank();
        (0..3600).for_each(|_| tank.step(1.0, 5.0, 3.0, 40.0, 20.0));
        assert!((tank.volume_m3 - 4.0).abs() < 1e-9, "2 m³ + 1 h of 2 m³/h: {}", tank.volume_m3);
        assert!((tank.level_m() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_is_lost_when_a_tank_runs_over_or_dry() {
        let mut tank = tank();
        (0..7200).for_each(|_| tank.step(1.0, 10.0, 0.0, 10.0, 10.0));
        assert!((tank.volume_m3 + tank.spilled_m3 - 22.0).abs() < 1e-9);
        (0..7200).for_each(|_| tank.step(1.0, 0.0, 10.0, 10.0, 10.0));
        assert!((tank.volume_m3 + 20.0 - tank.missing_m3 - 6.0).abs() < 1e-9);
    }

    #[test]
    fn equal_parts_mix_to_the_middle_temperature() {
        let mut tank = tank();
        tank.step(3600.0, 2.0, 0.0, 50.0, 20.0);
        assert!((tank.temperature_c - 30.0).abs() < 1e-3, "{}", tank.temperature_c);
    }
}
