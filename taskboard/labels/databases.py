"""What a database refused, in words, and what an administrator does about it: the drivers speak English."""

from __future__ import annotations

from typing import NamedTuple


class Trouble(NamedTuple):
    """Why the database cannot be used, with the driver's own words, and what to do."""

    words: str
    remedy: str


_ADDRESS = "检查 TASKBOARD_DATABASE_URL"
_BACKUP = "停止服务，用 taskboard restore 恢复最近的备份。"
_RIGHTS = "检查文件和所在文件夹的所有者与权限：运行 taskboard 的用户要能读写。"
_SERVER = f"启动 PostgreSQL；{_ADDRESS} 中的主机和端口，以及防火墙。"
_WAIT = "等数据库启动完再试；一直如此时查看它的日志。"

# What the drivers say → why, and what to do. The first one that is found counts.
_SAID = (
    (
        "database is locked",
        "另一个程序一直占着写锁",
        "结束占用它的程序（如没有退出的 taskboard）再试。",
    ),
    ("readonly database", "文件只能读", _RIGHTS),
    ("permission denied", "没有权限", _RIGHTS),
    ("unable to open", "文件打不开", f"{_ADDRESS} 中的路径：文件夹要存在，并且可以读写。"),
    ("disk is full", "磁盘已满", "清理磁盘，或换到更大的磁盘。"),
    ("no space left", "磁盘已满", "清理磁盘，或换到更大的磁盘。"),
    ("disk i/o error", "磁盘读写出错", f"检查磁盘；换好之后{_BACKUP}"),
    ("not a database", "文件不是数据库", f"{_ADDRESS} 中的路径；路径不错就是文件坏了：{_BACKUP}"),
    ("malformed", "文件损坏", _BACKUP),
    ("connection refused", "数据库服务没有运行，或不在这个地址", _SERVER),
    ("no such file or directory", "数据库服务没有运行，或不在这个地址", _SERVER),
    ("resolve host", "找不到这台主机", f"{_ADDRESS} 中的主机名，以及本机的 DNS。"),
    ("translate host name", "找不到这台主机", f"{_ADDRESS} 中的主机名，以及本机的 DNS。"),
    ("no pg_hba.conf entry", "数据库服务不许从这里登录", f"在 pg_hba.conf 中放行这台机器，{_ADDRESS} 中的用户名。"),
    ("authentication failed", "用户名或口令不对", f"{_ADDRESS} 中的用户名和口令。"),
    ("no password supplied", "没有给出口令", f"{_ADDRESS} 中的用户名和口令。"),
    (
        "does not exist",
        "没有这个数据库或用户",
        f"{_ADDRESS} 中的库名和用户名；新装时先建库。",
    ),
    ("too many", "连接数已用完", "关掉多余的连接，或调高 PostgreSQL 的 max_connections。"),
    ("remaining connection slots", "连接数已用完", "关掉多余的连接，或调高 PostgreSQL 的 max_connections。"),
    ("starting up", "数据库正在启动", _WAIT),
    ("shutting down", "数据库正在关闭", _WAIT),
    ("recovery mode", "数据库正在恢复", _WAIT),
    ("timeout", "没有答复", "查看数据库服务是否卡住、网络是否通；没有好转时重新启动它。"),
)
_UNKNOWN = "检查 TASKBOARD_DATABASE_URL、数据库服务和磁盘空间。"


def database_trouble(error: Exception) -> Trouble:
    """Why this error of a driver, or of SQLAlchemy around one, was raised; its first line stands behind the words."""
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    known = next(((why, remedy) for words, why, remedy in _SAID if words in said.lower()), None)
    return Trouble(f"{known[0]}（{said}）", known[1]) if known else Trouble(said, _UNKNOWN)
