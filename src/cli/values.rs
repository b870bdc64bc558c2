//! Values of arguments: spans of time, sizes, factors and numbers.

use std::time::Duration;

use twinscope::plant::simulation::SPEEDS;
use twinscope::twin::Timestamp;

/// A finite number.
pub fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "expected a finite number".into())
}

/// A finite number above 0.
pub fn above_zero(text: &str) -> Result<f64, String> {
    let number = finite(text).ok().filter(|number| *number > 0.0);
    number.ok_or_else(|| "expected a finite number above 0".into())
}

/// The longest time: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A time such as `5s`, `250ms`, `2min` or `1d`, of at most a hundred years; a day has 24 hours.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no time; write it like 5s, 250ms, 2min or 1d");
    let trimmed = text.trim();
    let parsed = match trimmed.strip_suffix('d').map(str::trim_end).map(str::parse::<f64>) {
        Some(Ok(days)) if days < 0.0 => return Err(format!("'{text}' is negative")),
        Some(Ok(days)) => Duration::try_from_secs_f64(days * 86_400.0).map_err(|_| wrong())?,
        _ => {
            let parsed: jiff::SignedDuration = trimmed.parse().map_err(|_| wrong())?;
            Duration::try_from(parsed).map_err(|_| format!("'{text}' is negative"))?
        }
    };
    match parsed <= LONGEST {
        true => Ok(parsed),
        false => {
            Err(format!("'{text}' is too long; a time here has at most 36500d, a hundred years"))
        }
    }
}

/// A time that is longer than nothing.
pub fn span(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => {
            Err(format!("'{text}' is no time; write one longer than nothing, like 5s"))
        }
        span => Ok(span),
    }
}

/// An instant with its zone.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let parsed: jiff::Timestamp = text.parse().map_err(|_| {
        format!("'{text}' is no instant; write it with its zone, like 2026-11-23T06:02:00Z")
    })?;
    Ok(Timestamp(parsed.as_microsecond()))
}

/// A size such as `1280x720`.
pub fn size(text: &str) -> Result<(u32, u32), String> {
    let parse = || {
        let (width, height) = text.split_once(['x', 'X', '×'])?;
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    };
    match parse() {
        Some((width @ 64..=16384, height @ 64..=16384)) => Ok((width, height)),
        Some(_) => Err(format!("'{text}' is out of range; each side may have 64 to 16384 pixels")),
        None => Err(format!("'{text}' is no size; write it like 1280x720")),
    }
}

/// A display's scale factor.
pub fn scale(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(scale) if (0.5..=8.0).contains(&scale) => Ok(scale),
        _ => Err(format!("'{text}' is no scale factor; write a number from 0.5 to 8")),
    }
}

/// A positive factor.
pub fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if SPEEDS.contains(&speed) => Ok(speed),
        _ => Err(format!(
            "'{text}' is no speed; write a number from {} to {}",
            SPEEDS.start(),
            SPEEDS.end()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_needs_its_zone() {
        assert_eq!(instant("1970-01-01T00:01:00Z"), Ok(Timestamp(60_000_000)));
        assert_eq!(instant("1970-01-01T02:01:00+02:00"), Ok(Timestamp(60_000_000)));
        let error = instant("1970-01-01T00:01:00").expect_err("no zone");
        assert!(error.contains("with its zone"), "{error}");
    }

    #[test]
    fn times_and_sizes_are_read_as_people_write_them() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2min"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1.5d"), Ok(Duration::from_secs(129_600)));
        assert_eq!(duration("36500d"), Ok(LONGEST));
        assert!(duration("999999999999h").expect_err("long").contains("hundred years"));
        assert!(duration("NaN d").is_err() && duration("-1d").is_err() && duration("d").is_err());
        assert_eq!(span("5s"), Ok(Duration::from_secs(5)));
        assert!(span("0s").expect_err("nothing").contains("longer than nothing"));
        assert!(duration("5 parsecs").is_err());
        assert!(duration("-1s").is_err());
        assert_eq!(size("1920x1080"), Ok((1920, 1080)));
        assert!(size("0x10").is_err() && size("wide").is_err());
        assert_eq!(scale("1.5"), Ok(1.5));
        assert!(scale("0").is_err() && scale("NaN").is_err() && scale("big").is_err());
    }
}
