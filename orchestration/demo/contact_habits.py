"""Which channel a simulated person likes to be written on, and at which hour they drop by.

Belongs here: preferences that make answers and visits differ between people, decided by hashes of
the person alone, so that no random stream draws differently. Does not belong here: messages
(`marketing`), visits (`visits`), what the pipeline concludes.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from orchestration.demo import behaviour, clock
from orchestration.demo.campaign_plan import ADS, EMAIL, PUSH, SMS, WECHAT
from orchestration.demo.population import People

CHANNELS = (SMS, EMAIL, PUSH, WECHAT, ADS)
_CODES = ("sms", "email", "push", "wechat", "ads")
#: An answer on the liked channel is so many times as likely as it would be, on others less so.
LIKED, OTHERWISE = 2.2, 0.7
#: Share of visits in the hour of habit or next to it; the others come at any hour.
HABIT_SHARE = 0.4
TRUTH = """
create table contact_habit (
    person_id varchar primary key, liked_channel varchar, habit_hour integer);
comment on table contact_habit is 'The channel on which a person answers campaigns most readily, '
    'and the hour around which two in five of their visits are. One row per person.';
"""


def liked_channel(people: People) -> np.ndarray:
    """Index into CHANNELS, per person of the chunk."""
    draw = clock.unit_hash(people.first + np.arange(len(people)), 141)
    return np.floor(draw * len(CHANNELS)).astype(int)


def liking(people: People, person: np.ndarray, channel: str) -> np.ndarray:
    """What these people's chance to answer on a channel is multiplied by."""
    is_liked = liked_channel(people)[person] == CHANNELS.index(channel)
    return np.where(is_liked, LIKED, OTHERWISE)


def habit_hour(people: People) -> np.ndarray:
    """Hour of the day, 0..23, per person; over people spread as visits are."""
    draw = clock.unit_hash(people.first + np.arange(len(people)), 142)
    return np.minimum(np.searchsorted(np.cumsum(behaviour.ONLINE_SHARES), draw), 23)


def hours_by_habit(
    people: People, person: np.ndarray, moment: np.ndarray, hour: np.ndarray
) -> np.ndarray:
    """Move some visits into the hours of their visitor's habit.

    Args:
        people: The chunk.
        person: Visitor of each visit.
        moment: When it was drawn for, in days; tells visits of one person apart.
        hour: Hour of the day that was drawn.

    Returns:
        Hour of the day, 0..23.
    """
    token = (people.first + person) * 8_388_608 + np.floor(moment * 1_440).astype(np.int64)
    follows = clock.unit_hash(token, 143) < HABIT_SHARE
    beside = np.floor(clock.unit_hash(token, 144) * 3).astype(int) - 1
    return np.where(follows, (habit_hour(people)[person] + beside) % 24, hour)


def truth(people: People, months: int) -> pa.Table:
    """Rows of contact_habit for the people of the chunk who joined in the first `months` months."""
    known = np.flatnonzero(people.joined_day * clock.DAY < clock.MONTH_EDGES[months])
    liked, hours = liked_channel(people), habit_hour(people)
    return pa.table(
        {
            "person_id": pa.array([people.person_ids[k] for k in known.tolist()], pa.string()),
            "liked_channel": pa.array([_CODES[liked[k]] for k in known.tolist()], pa.string()),
            "habit_hour": pa.array(hours[known], pa.int32()),
        }
    )
