"""What the marks of photos say, in both languages."""

from collections.abc import Mapping

PHOTO_TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "word.photo_mark.outside_geofence": "拍摄位置距企业{value}米，超出{limit}米",
        "word.photo_mark.positions_differ": "照片内与手机上报的位置相差{value}米",
        "word.photo_mark.no_position": "没有位置信息",
        "word.photo_mark.mock_location": "手机使用了模拟定位",
        "word.photo_mark.clock_skew": "手机时钟偏差{value}秒",
        "word.photo_mark.before_dispatch": "拍摄时间早于派单{value}秒",
        "word.photo_mark.late_upload": "拍摄{value}秒后才上传",
        "word.photo_mark.edited": "照片可能经过编辑：{text}",
        "word.photo_mark.no_camera_data": "没有拍摄设备信息",
        "word.photo_mark.reused": "与已有照片是同一文件",
        "word.photo_mark.near_duplicate": "与其他任务的照片高度相似（共64位，相差{value}位）",
    },
    "en": {
        "word.photo_mark.outside_geofence": "taken {value} m from the enterprise, more than {limit} m",
        "word.photo_mark.positions_differ": "file and phone name places {value} m apart",
        "word.photo_mark.no_position": "no position",
        "word.photo_mark.mock_location": "the phone's position was set by another app",
        "word.photo_mark.clock_skew": "the phone's clock was off by {value} s",
        "word.photo_mark.before_dispatch": "taken {value} s before the task was dispatched",
        "word.photo_mark.late_upload": "uploaded {value} s after it was taken",
        "word.photo_mark.edited": "perhaps edited: {text}",
        "word.photo_mark.no_camera_data": "nothing of the camera in the file",
        "word.photo_mark.reused": "the same file as another photo",
        "word.photo_mark.near_duplicate": "looks like a photo of another task ({value} of 64 bits differ)",
    },
}
